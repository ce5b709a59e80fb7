/*
 * The life of a request: clients, a network that loses, delays and doubles, and the server's queue.
 * States and moves are those of docs/ARCHITECTURE.md. README.md beside this file says what is checked and how.
 *
 * What is abstracted:
 * - Time is counted in ticks. A lease lasts TTL ticks, a pushed grant ACK ticks unless it is acknowledged.
 * - A connection keeps the order of what is sent on it. When it is lost, a call that was under way is dropped,
 *   or arrives later as a stale copy, at any time.
 * - An id is used for one request. The model has two ids a client. It uses one again only when server and
 *   network hold nothing of it. A fresh id is unguessable, and so unknown to both.
 * - A tombstone outlives the stale copies of its id. The library keeps it for a minute.
 * - What nothing reads any more is set to 0, so that states that differ only in it are one.
 */

#ifndef CLIENTS
#define CLIENTS 3
#endif
#ifndef WISHES
#define WISHES 3 /* 1: one name only; 3: either of two names, or both; 0: client 0 the first, 1 the second, 2 both */
#endif
#ifndef RENEWS
#define RENEWS 1 /* whether clients renew a lease that somebody works under */
#endif
#ifndef LINGERS
#define LINGERS 0 /* whether a client may keep a lease that its caller has released; such a lease is renewed */
#endif
#ifndef LOSSES
#define LOSSES 1 /* how many connections are lost in a run */
#endif
#ifndef DEATHS
#define DEATHS 1 /* how many clients die in a run */
#endif
#ifndef REQUESTS
#define REQUESTS 1 /* how many requests a client makes in a run; 0: without end */
#endif
#ifndef WRONG
#define WRONG 0 /* which wrong server or client is run instead of the right one; README.md lists them */
#endif
#define TTL 2
#define ACK 1
#define SLOTS (2 * CLIENTS)

/* What a request is on the server. */
#define GONE 0
#define WAITING 1
#define GRANTED 2 /* pushed, not acknowledged */
#define HELD 3
#define SILENT 4 /* set aside, because its process did not acknowledge a grant */

/* What a client does. */
#define IDLE 0
#define ASKING 1
#define QUEUED 2
#define HOLDING 3
#define ENDING 4
#define DEAD 5
#define LINGERING 6 /* released by its caller, and kept by its process */

/* Calls. */
#define NONE 0
#define ACQUIRE 1
#define EXTEND 2
#define RELEASE 3
#define WITHDRAW 4
#define CHECK 5

/* ---- the server; a slot is one id of one client ---- */
byte state[SLOTS];
byte wish[SLOTS];     /* the names a request is for, a bit each */
bit grant[SLOTS];      /* stands for the fencing token: each grant of a request has another one */
byte ends[SLOTS];     /* ticks until the lease, or the time to acknowledge it, is over */
bit tombstone[SLOTS];
byte line[SLOTS];     /* 1 + the slot of each request that is not gone, in the order in which they were taken in */
byte length;
byte newest[2];       /* by name: 1 + the slot that has the newest fencing token */

/* ---- the network ---- */
bit linked[CLIENTS];       /* whether the client has a connection */
byte call[CLIENTS];        /* the call under way on it: one at a time */
byte slot[CLIENTS];        /* the request that the client is busy with */
bit acknowledges[CLIENTS]; /* an acknowledgement in front of the call; it has no answer */
byte answer[CLIENTS];      /* 0: none; else 1 + the state that it tells */
bit answerGrant[CLIENTS];  /* the token that it tells */
byte answerEnds[CLIENTS];  /* the ticks that were left when the server answered */
byte pushed[CLIENTS];      /* 0: none; else 1 + the ticks that are left of the pushed grant */
bit wanted[CLIENTS];       /* on its way: somebody waits for the lease */
bit staleAcquire[SLOTS];
bit staleWithdraw[SLOTS];

/* ---- the clients ---- */
byte phase[CLIENTS];
byte left[CLIENTS];        /* ticks for which the client believes in its lease; or tries to release it */
byte age[CLIENTS];         /* ticks since the call under way was sent */
bit mine[CLIENTS];         /* the token of the lease that the client holds */
bit repeated[CLIENTS];     /* whether a copy of the request may still arrive */
bit isWanted[CLIENTS];     /* the client knows that somebody waits for its lease */
bit mayAsk[CLIENTS];       /* whether time has gone on since the client last asked why it waits */
bit released[CLIENTS];     /* ending by a release, which is given up when the lease must be over */
byte made[CLIENTS];

/* ---- what the laws need ---- */
bit over[SLOTS];           /* the client was told that the request is over */
byte losses = LOSSES;
byte deaths = DEATHS;

/* Of use within one step only: no part of a state. */
hidden byte i, j, k, ok, told, ticks;


#define owner(r) ((r) / 2)
#define taken(r) (state[r] == GRANTED || state[r] == HELD)
#define live(r) (taken(r) && ends[r] > 0)
#define meets(a, b) ((wish[a] & wish[b]) != 0)
#define awaits(c) (phase[c] == ASKING || phase[c] == QUEUED)
#define believes(c) (phase[c] == HOLDING && left[c] > 0)

/* The rule: a request is granted when nobody holds one of its names and it is the first that waits for each. */
inline decide(k) {
  ok = (state[line[k] - 1] == WAITING);
  j = 0;
  do
  :: ok && j < length ->
     if
     :: j != k && meets(line[j] - 1, line[k] - 1) &&
        (taken(line[j] - 1) || (j < k && state[line[j] - 1] == WAITING && WRONG != 1)) -> ok = 0
     :: else -> j++
     fi
  :: else -> break
  od;
  j = 0
}

inline hold(r, how, ticks) {
  /* Nobody holds one of the names, and nobody who waits for one of them came earlier. */
  j = 0;
  do
  :: j < length ->
     assert(line[j] - 1 == r || !meets(line[j] - 1, r) || !taken(line[j] - 1));
     j++
  :: else -> break
  od;
  j = 0;
  do
  :: line[j] - 1 != r ->
     assert(!meets(line[j] - 1, r) || state[line[j] - 1] != WAITING);
     j++
  :: else -> break
  od;
  j = 0;
  assert(!over[r]);
  state[r] = how;
  ends[r] = ticks;
  grant[r] = !grant[r];
  newest[0] = ((wish[r] & 1) -> r + 1 : newest[0]);
  newest[1] = ((wish[r] & 2) -> r + 1 : newest[1])
}

inline promote() {
  i = 0;
  do
  :: i < length ->
     decide(i);
     if
     :: ok ->
        hold(line[i] - 1, GRANTED, ACK);
        j = owner(line[i] - 1);
        pushed[j] = (linked[j] && slot[j] == line[i] - 1 && awaits(j) -> 1 + ACK : pushed[j]);
        j = 0
     :: else
     fi;
     i++
  :: else -> break
  od;
  skip
}

/* Nothing can bring the request back any more: what was known of it is of no use. */
#define isUsed(c) (phase[c] != IDLE && phase[c] != DEAD)
#define isFree(r) (state[r] == GONE && !staleAcquire[r] && !staleWithdraw[r])

inline tidy(r) {
  if
  :: isFree(r) && !(slot[owner(r)] == r && isUsed(owner(r))) ->
     wish[r] = 0;
     grant[r] = 0;
     tombstone[r] = 0;
     over[r] = 0;
     newest[0] = (newest[0] == r + 1 -> 0 : newest[0]);
     newest[1] = (newest[1] == r + 1 -> 0 : newest[1])
  :: else
  fi
}

/* Takes a request out of the line. */
inline leave(r) {
  i = 0;
  do
  :: i < length && line[i] - 1 != r -> i++
  :: else -> break
  od;
  if
  :: i < length ->
     do
     :: i + 1 < length -> line[i] = line[i + 1]; i++
     :: else -> break
     od;
     length--;
     line[length] = 0
  :: else
  fi;
  i = 0;
  state[r] = GONE;
  ends[r] = 0;
  tidy(r)
}

/* When a request is asked about, those in its way are told that they are wanted. So is itself, if somebody waits for it. */
#define tellsWanted(c, r) (linked[c] && isUsed(c) && slot[c] == r && taken(r))

inline knock(r) {
#if LINGERS
  i = 0;
  do
  :: i < length && WRONG != 8 ->
     j = line[i] - 1;
     wanted[owner(j)] = ((state[r] == WAITING && j != r && meets(j, r) && tellsWanted(owner(j), j)) -> 1 : wanted[owner(j)]);
     wanted[owner(r)] = ((state[j] == WAITING && j != r && meets(j, r) && tellsWanted(owner(r), r)) -> 1 : wanted[owner(r)]);
     i++
  :: else -> break
  od;
  i = 0; j = 0
#else
  skip
#endif
}

/* The process of a request has shown that it lives. */
inline alive(r) {
  if
  :: state[r] == SILENT -> state[r] = WAITING
  :: state[r] == GRANTED && ends[r] > 0 -> state[r] = HELD; ends[r] = TTL
  :: else
  fi
}

/* Ends the leases that are over. A grant that was not acknowledged loses its turn, not its place. */
inline expire() {
  k = 0;
  do
  :: k < SLOTS ->
     if
     :: state[k] == HELD && ends[k] == 0 -> leave(k)
     :: state[k] == GRANTED && ends[k] == 0 && WRONG != 5 -> state[k] = SILENT
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0
}

inline takeIn(r) {
  if
  :: tombstone[r] && WRONG != 2 -> skip
  :: else ->
     if
     :: state[r] == GONE ->
        line[length] = r + 1;
        length++;
        state[r] = WAITING;
        k = length - 1;
        decide(k);
        if
        :: ok -> hold(r, HELD, TTL)
        :: else
        fi;
        k = 0
     :: else -> alive(r)
     fi
  fi
}

/* A wrong server: a lease that is over is renewed as long as nobody holds its names now. */
#define isClear(r, o) (!taken(o) || !meets(r, o))
#define canRevive(r) (isClear(r, 0) && isClear(r, 1) && isClear(r, 2) && isClear(r, 3))

inline serve(c) {
  expire();
  if
  :: call[c] == ACQUIRE -> takeIn(slot[c])
  :: call[c] == EXTEND ->
     if
     :: live(slot[c]) -> alive(slot[c]); ends[slot[c]] = TTL
     :: WRONG == 3 && state[slot[c]] == GONE && canRevive(slot[c]) -> state[slot[c]] = HELD; ends[slot[c]] = TTL; line[length] = slot[c] + 1; length++
     :: else
     fi
  :: call[c] == CHECK -> alive(slot[c])
  :: call[c] == RELEASE -> leave(slot[c])
  :: call[c] == WITHDRAW -> tombstone[slot[c]] = 1; leave(slot[c])
  fi;
  promote();
  alive(slot[c]);
  knock(slot[c]);
  answer[c] = 1 + state[slot[c]];
  answerEnds[c] = (state[slot[c]] == HELD -> ends[slot[c]] : 0);
  answerGrant[c] = (state[slot[c]] == HELD -> grant[slot[c]] : 0);
  call[c] = NONE;
  ok = 0
}

inline acknowledged(c) {
  acknowledges[c] = 0;
  expire();
  alive(slot[c]);
  promote();
  knock(slot[c])
}

/* One a client, so that the server is fair to them. */
active [CLIENTS] proctype Server() {
  do
  :: d_step { acknowledges[_pid] -> acknowledged(_pid) }
  :: d_step { call[_pid] != NONE && !acknowledges[_pid] && answer[_pid] == 0 -> serve(_pid) }
  od
}

#define LAST (SLOTS - 1)
#define isOver(r) (taken(r) && ends[r] == 0)

/* Ends what is over when nobody asks, and forgets those that stayed silent. */
active proctype Sweeper() {
  do
  :: d_step { isOver(0) || isOver(1) || isOver(2) || isOver(3) || (CLIENTS > 2 && (isOver(LAST - 1) || isOver(LAST))) -> expire(); promote() }
  od
}

#define forget(r) d_step { state[r] == SILENT && !linked[owner(r)] -> leave(r); promote() }

active proctype Silence() {
  do
  :: forget(0)
  :: forget(1)
  :: forget(2)
  :: forget(3)
#if CLIENTS > 2
  :: forget(4)
  :: forget(5)
#endif
  od
}

#define late(r) \
  d_step { staleAcquire[r] -> staleAcquire[r] = 0; expire(); takeIn(r); promote(); knock(r); ok = 0; tidy(r) } \
  :: d_step { staleAcquire[r] -> staleAcquire[r] = 0; tidy(r) } \
  :: d_step { staleWithdraw[r] -> staleWithdraw[r] = 0; expire(); tombstone[r] = 1; leave(r); promote() } \
  :: d_step { staleWithdraw[r] -> staleWithdraw[r] = 0; tidy(r) }

/* What was under way on a connection that was lost arrives late, or not at all. */
active proctype Network() {
  do
  :: late(0)
  :: late(1)
  :: late(2)
  :: late(3)
#if CLIENTS > 2
  :: late(4)
  :: late(5)
#endif
  od
}

inline send(c, what) {
  call[c] = what;
  age[c] = 0
}

#define other(c) (slot[c] ^ 1)

inline begin(c, names) {
  slot[c] = other(c);
  wish[slot[c]] = names;
#if REQUESTS > 0
  made[c]++;
#endif
  phase[c] = ASKING;
  send(c, ACQUIRE)
}

/* Whatever the server has of the request is to end. */
inline withdraw(c) {
  phase[c] = ENDING;
  left[c] = 0;
  mine[c] = 0;
  pushed[c] = 0;
  send(c, WITHDRAW)
}

/* A lease counts from before its call was sent; one that is over on arrival is given back. */
inline enter(c) {
  if
  :: ticks > 0 -> left[c] = ticks; phase[c] = HOLDING
  :: else -> withdraw(c)
  fi
}

inline idle(c) {
  phase[c] = IDLE;
  settle(c)
}

/* The client has no request any more. */
inline settle(c) {
  left[c] = 0;
  mine[c] = 0;
  repeated[c] = 0;
  pushed[c] = 0;
  wanted[c] = 0;
  isWanted[c] = 0;
  mayAsk[c] = 0;
  released[c] = 0;
  age[c] = 0;
  tidy(slot[c])
}

/* A copy of its request may still arrive: its end has to leave a tombstone. */
#define mayReturn(c) (repeated[c] && WRONG != 6)

/* The client ends its lease. */
inline end(c, most) {
  if
  :: mayReturn(c) -> withdraw(c)
  :: else -> phase[c] = ENDING; left[c] = most; mine[c] = 0; released[c] = 1; send(c, RELEASE)
  fi
}

/* By now the lease is over by itself. What is under way may still arrive. */
inline giveUp(c) {
  staleWithdraw[slot[c]] = (call[c] != NONE -> 1 : staleWithdraw[slot[c]]);
  call[c] = NONE;
  answer[c] = 0;
  idle(c)
}

#if WRONG == 4
#define counted(c) answerEnds[c] /* a wrong client: counts the lease from the answer */
#else
#define counted(c) (answerEnds[c] > age[c] -> answerEnds[c] - age[c] : 0)
#endif

inline hear(c) {
  told = answer[c] - 1;
  answer[c] = 0;
  ticks = counted(c);
  if
  :: phase[c] == ASKING || phase[c] == QUEUED ->
     if
     :: told == HELD -> pushed[c] = 0; mine[c] = answerGrant[c]; enter(c)
     :: told == WAITING -> phase[c] = QUEUED
     :: told == GONE -> repeated[c] = 1; phase[c] = ASKING; send(c, ACQUIRE)
     fi
  :: phase[c] == HOLDING ->
     if
     :: told == HELD && mine[c] == answerGrant[c] -> left[c] = (ticks > left[c] -> ticks : left[c])
     /* Lost: if it waits again, was granted anew, or a copy of it may arrive, nobody stands behind it any more. */
     :: told == HELD && mine[c] != answerGrant[c] -> withdraw(c)
     :: told != HELD && mayReturn(c) -> withdraw(c)
     :: told == WAITING && !mayReturn(c) -> end(c, 0); released[c] = 0
     :: told == GONE && !mayReturn(c) -> over[slot[c]] = 1; idle(c)
     fi
  :: phase[c] == LINGERING ->
     if
     :: told == HELD && mine[c] == answerGrant[c] -> left[c] = (ticks > left[c] -> ticks : left[c])
     :: else -> end(c, 0)
     fi
  :: phase[c] == ENDING -> assert(told == GONE); over[slot[c]] = 1; idle(c)
  :: else
  fi;
  answerEnds[c] = 0;
  answerGrant[c] = 0;
  age[c] = 0
}

/* What a lost connection leaves behind: a copy of the call that was under way, or nothing. */
inline lose(c) {
  linked[c] = 0;
  if
  :: call[c] == ACQUIRE -> staleAcquire[slot[c]] = 1
  :: call[c] == WITHDRAW -> staleWithdraw[slot[c]] = 1
  :: else
  fi;
  repeated[c] = 1;
  call[c] = NONE;
  acknowledges[c] = 0;
  answer[c] = 0;
  answerEnds[c] = 0;
  answerGrant[c] = 0;
  pushed[c] = 0;
  wanted[c] = 0;
  released[c] = 0;
  /* Without a connection the client would not hear that its lease is wanted. */
  phase[c] = (phase[c] == LINGERING -> ENDING : phase[c]);
  left[c] = (phase[c] == ENDING -> 0 : left[c]);
  mine[c] = (phase[c] == ENDING -> 0 : mine[c]);
  age[c] = 0
}

inline again(c) {
  linked[c] = 1;
  if
  :: phase[c] == ASKING -> send(c, ACQUIRE)
  :: phase[c] == QUEUED -> send(c, CHECK)
  :: phase[c] == HOLDING -> send(c, EXTEND)
  :: phase[c] == ENDING -> send(c, WITHDRAW)
  :: else
  fi
}

#define ready(c) (linked[c] && call[c] == NONE && answer[c] == 0)

#if WISHES == 0
#define FIRST (me + 1)
#else
#define FIRST 1
#endif

#define mayKeep(c) (!isWanted[c] || WRONG == 9) /* 9, a wrong client: keeps what others wait for */
/* The next caller of a process takes its lease while it is not over, and nobody else is known to wait for it. */
#if WRONG == 7
#define mayTake(c) 1 /* a wrong client: takes a lease that is over */
#define leftAtTaking(c) TTL
#else
#define mayTake(c) (left[c] > 0 && mayKeep(c))
#define leftAtTaking(c) left[c]
#endif
#ifdef PATIENT
#define reads(c) (!wanted[c]) /* its event loop turns between two callers */
#else
#define reads(c) 1
#endif

active [CLIENTS] proctype Client() {
  byte me = _pid - CLIENTS - 3;
  d_step { linked[me] = 1; slot[me] = 2 * me }
  do
  :: d_step { phase[me] == IDLE && ready(me) && isFree(other(me)) && (REQUESTS == 0 || made[me] < REQUESTS) -> begin(me, FIRST) }
#if WISHES > 1
  :: d_step { phase[me] == IDLE && ready(me) && isFree(other(me)) && (REQUESTS == 0 || made[me] < REQUESTS) -> begin(me, 2) }
  :: d_step { phase[me] == IDLE && ready(me) && isFree(other(me)) && (REQUESTS == 0 || made[me] < REQUESTS) -> begin(me, 3) }
#endif
  :: d_step { answer[me] > 0 -> hear(me) }
  /* A grant is pushed: it is acknowledged before the caller's code runs. */
  :: d_step { pushed[me] > 1 && phase[me] == QUEUED -> left[me] = pushed[me] - 1; pushed[me] = 0; mine[me] = grant[slot[me]]; phase[me] = HOLDING; acknowledges[me] = 1 }
  :: d_step { pushed[me] == 1 && phase[me] == QUEUED && ready(me) -> pushed[me] = 0; send(me, CHECK) }
  :: d_step { phase[me] == HOLDING && left[me] > 0 && left[me] < TTL && RENEWS && ready(me) -> send(me, EXTEND) }
  :: d_step { phase[me] == HOLDING && left[me] > 0 && ready(me) -> end(me, TTL) }
  /* The lease is over here: the signal has aborted. */
  :: d_step { phase[me] == HOLDING && left[me] == 0 && ready(me) -> end(me, 0); released[me] = 0 }
  :: d_step { phase[me] == ENDING && released[me] && left[me] == 0 && answer[me] == 0 -> giveUp(me) }
#if LINGERS
  /* Who waits asks from time to time, as the word that the lease is wanted may have been lost. */
  :: d_step { phase[me] == QUEUED && mayAsk[me] && ready(me) -> mayAsk[me] = 0; send(me, CHECK) }
  :: d_step { wanted[me] -> wanted[me] = 0; isWanted[me] = (phase[me] == HOLDING || phase[me] == LINGERING) }
  :: d_step { phase[me] == HOLDING && left[me] > 0 && ready(me) && mayKeep(me) && !acknowledges[me] && reads(me) -> phase[me] = LINGERING }
  :: d_step { phase[me] == LINGERING && mayTake(me) && reads(me) -> phase[me] = HOLDING; left[me] = leftAtTaking(me) }
  :: d_step { phase[me] == LINGERING && left[me] > 0 && left[me] < TTL && ready(me) && mayKeep(me) -> send(me, EXTEND) }
  :: d_step { phase[me] == LINGERING && ready(me) -> end(me, left[me]) }
#endif
  /* A lease that the server had confirmed ends there by itself: nothing is sent. */
  :: d_step { phase[me] == HOLDING && left[me] == 0 && ready(me) && !mayReturn(me) && (state[slot[me]] == GONE || state[slot[me]] == HELD) -> over[slot[me]] = 1; idle(me) }
#ifndef PATIENT
  :: d_step { phase[me] == QUEUED && ready(me) -> withdraw(me) }
#endif
  :: d_step { !linked[me] && phase[me] != DEAD -> again(me) }
  od
}

#define tickDown(x) x = (x > 0 -> x - 1 : 0)
#define tickPush(x) x = (x > 1 -> x - 1 : x)

#define isTimed(c) (ends[2 * (c)] > 0 || ends[2 * (c) + 1] > 0 || left[c] > 0)
#define isTiming (isTimed(0) || isTimed(1) || isTimed(CLIENTS - 1))
#ifdef PATIENT
/* Whoever lives reacts before time goes on: else a client that is always too slow would wait for ever. */
#define inTime(c) (pushed[c] <= 1 && answer[c] == 0 && call[c] == NONE && !acknowledges[c] && !wanted[c])
#else
#define inTime(c) 1
#endif

/* How old a call is matters only where its answer gives a lease. */
#define isAging(c) (phase[c] != ENDING && (call[c] != NONE || answer[c] != 0))

inline tick(c) {
  tickDown(ends[2 * (c)]);
  tickDown(ends[2 * (c) + 1]);
  tickDown(left[c]);
  tickPush(pushed[c]);
  age[c] = (isAging(c) && age[c] < TTL -> age[c] + 1 : age[c]);
  mayAsk[c] = (LINGERS && phase[c] == QUEUED)
}

active proctype Clock() {
  do
  :: d_step {
       isTiming && inTime(0) && inTime(1) && (CLIENTS == 2 || inTime(CLIENTS - 1)) ->
       tick(0);
       tick(1);
#if CLIENTS > 2
       tick(2)
#endif
     }
  od
}

/* A fault may happen at any time. Where something must happen at last, none may happen any more. */
#define faults(c) \
  d_step { linked[c] && losses > 0 && phase[c] != DEAD && phase[c] != IDLE -> losses--; lose(c) } \
  /* What was under way never arrives. */ \
  :: d_step { linked[c] && losses > 0 && phase[c] != DEAD && call[c] != NONE -> losses--; lose(c); staleAcquire[slot[c]] = 0; staleWithdraw[slot[c]] = 0; tidy(slot[c]) } \
  :: d_step { deaths > 0 && phase[c] != DEAD && phase[c] != IDLE -> deaths--; lose(c); phase[c] = DEAD; settle(c) }

active proctype Faults() {
  do
  :: faults(0)
  :: faults(1)
#if CLIENTS > 2
  :: faults(2)
#endif
#ifdef PATIENT
  :: break
#endif
  od
}

/* One holder, as the holders see it (G1, G7): whoever believes in a lease has it, and the newest token (G2). */
#define isNewest(r) ((!(wish[r] & 1) || newest[0] == r + 1) && (!(wish[r] & 2) || newest[1] == r + 1))
#define has(c) (!believes(c) || (live(slot[c]) && isNewest(slot[c])))
#if CLIENTS > 2
ltl holders { [] (has(0) && has(1) && has(2)) }
#else
ltl holders { [] (has(0) && has(1)) }
#endif
/* Nobody waits for ever. */
ltl served { [] ((phase[0] == ASKING || phase[0] == QUEUED) -> <> (phase[0] != ASKING && phase[0] != QUEUED)) }
