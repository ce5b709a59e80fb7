package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// How an answer to an operation begins.
const (
	toldWaiting = 1
	toldHeld    = 2
	toldEnded   = 5
	wasHeld     = 2
)

var (
	errTimeout   = errors.New("timeout")
	errCancelled = errors.New("cancelled")
	errGone      = errors.New("lost")
)

func newID() string {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		panic(err)
	}
	return hex.EncodeToString(id)
}

// request is one place in the queues of its names, or a lease.
type request struct {
	id        string
	number    int
	names     []any
	ttl       time.Duration
	token     int
	granted   chan grant    // gets one, once
	cancelled chan struct{} // closed when nobody wants it any more
	stop      chan struct{} // closed when it is released or lost
	once      sync.Once
	deadline  time.Time // when the lease is over here, whatever the server says
}

// grant is the server's word that a request holds its names; its ttl counts from before the call that got it.
type grant struct {
	token int
	sent  time.Time
}

// wanted is how the names are asked for: one as a text, several as a list.
func (r *request) wanted() any {
	if len(r.names) == 1 {
		return r.names[0]
	}
	return r.names
}

// client holds locks in one collection, over one connection.
type client struct {
	connection *connection
	scope      string
	inbox      string
	joining    sync.Mutex
	mutex      sync.Mutex
	room       int
	last       int
	requests   map[int]*request
	lost       func(*request)
}

func open(address, user, password, collection string, lost func(*request)) (*client, error) {
	c := &client{scope: "//" + collection, inbox: newID(), requests: map[int]*request{}, lost: lost}
	var err error
	if c.connection, err = dial(address, func(room int, event string, args []any) { go c.pushed(room, event, args) }); err != nil {
		return nil, err
	}
	if _, err = c.connection.request(typeAuth, []any{user, password}); err != nil {
		return nil, err
	}
	_, err = c.run("lock_schema")
	return c, err
}

func (c *client) run(procedure string, args ...any) (any, error) {
	if args == nil {
		args = []any{}
	}
	return c.connection.request(typeRun, []any{c.scope, procedure, args})
}

// batch asks one operation. isNew: the room was not joined when it was sent, so what was pushed meanwhile may be lost.
func (c *client) batch(operation ...any) (told []int, isNew bool, err error) {
	isNew = !c.isJoined()
	reply, err := c.run("lock_batch", nil, c.inbox, "go client", []any{operation})
	if err != nil {
		return nil, false, err
	}
	room, told, err := readBatch(reply)
	if err == nil && isNew && room != 0 {
		err = c.join(room)
	}
	return told, isNew, err
}

func (c *client) isJoined() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.room != 0
}

func (c *client) join(room int) error {
	c.joining.Lock()
	defer c.joining.Unlock()
	if c.isJoined() {
		return nil
	}
	if _, err := c.connection.request(typeJoin, []any{c.scope, room}); err != nil {
		return err
	}
	c.mutex.Lock()
	c.room = room
	c.mutex.Unlock()
	return nil
}

// readBatch reads [at, room, [answer]]: of the answer all numbers, 0 for a text such as an owner, and a 0 behind them.
func readBatch(reply any) (room int, told []int, err error) {
	err = fmt.Errorf("not understood: %v", reply)
	parts, _ := reply.([]any)
	if len(parts) != 3 {
		return 0, nil, err
	}
	room, _ = parts[1].(int)
	answers, _ := parts[2].([]any)
	if len(answers) != 1 {
		return 0, nil, err
	}
	list, _ := answers[0].([]any)
	for _, item := range list {
		number, isNumber := item.(int)
		if _, isText := item.(string); !isNumber && (!isText || len(told) == 0) {
			return 0, nil, err
		}
		told = append(told, number)
	}
	if len(told) < 2 {
		return 0, nil, err
	}
	return room, append(told, 0), nil
}

func (c *client) newRequest(names []any, ttl time.Duration) *request {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.last++
	r := &request{
		id: newID(), number: c.last, names: names, ttl: ttl,
		granted: make(chan grant, 1), cancelled: make(chan struct{}), stop: make(chan struct{}),
	}
	c.requests[r.number] = r
	return r
}

func (c *client) forget(r *request) {
	c.mutex.Lock()
	delete(c.requests, r.number)
	c.mutex.Unlock()
	r.once.Do(func() { close(r.stop) })
}

// acquire waits for the lock, for ever if wait is negative.
func (c *client) acquire(r *request, units, limit int, wait time.Duration, renew bool) error {
	var timeout <-chan time.Time
	if wait >= 0 {
		timeout = time.After(wait)
	}
	sent := time.Now()
	told, isNew, err := c.batch("acquire", r.id, r.number, r.wanted(), int(r.ttl/time.Millisecond), units, limit)
	if err != nil {
		return err
	}
	switch told[0] {
	case toldHeld:
		r.granted <- grant{told[2], sent}
	case toldWaiting:
		// What was told before this process was in the room is asked for.
		if isNew {
			c.check(r, "check")
		} else {
			c.checkAt(r, told[1])
		}
	default:
		return fmt.Errorf("acquire was answered %v", told)
	}
	select {
	case got := <-r.granted:
		r.token = got.token
		c.hold(r, got.sent, renew)
		return nil
	case <-timeout:
		return c.giveUp(r, errTimeout)
	case <-r.cancelled:
		return c.giveUp(r, errCancelled)
	}
}

// try takes the lock if it is free.
func (c *client) try(r *request, units, limit int, renew bool) (bool, error) {
	sent := time.Now()
	told, _, err := c.batch("try", r.id, r.number, r.wanted(), int(r.ttl/time.Millisecond), units, limit)
	if err != nil || told[0] != toldHeld {
		c.forget(r)
		return false, err
	}
	r.token = told[2]
	c.hold(r, sent, renew)
	return true, nil
}

func (c *client) giveUp(r *request, why error) error {
	c.forget(r)
	if _, _, err := c.batch("withdraw", r.names[0], r.id); err != nil {
		return err
	}
	return why
}

// hold renews the lease at every third of its ttl, and ends it here when it is over.
func (c *client) hold(r *request, sent time.Time, renew bool) {
	c.mutex.Lock()
	r.deadline = sent.Add(r.ttl)
	c.mutex.Unlock()
	go func() {
		for {
			c.mutex.Lock()
			left, ttl := time.Until(r.deadline), r.ttl
			c.mutex.Unlock()
			if left <= 0 {
				c.lose(r)
				return
			}
			if renew && ttl/3 < left {
				left = ttl / 3
			}
			select {
			case <-r.stop:
				return
			case <-time.After(left):
			}
			if renew {
				go c.extend(r, ttl) // a call without an answer must not keep the lease from ending
			}
		}
	}()
}

// extend makes the lease end so long from now.
func (c *client) extend(r *request, ttl time.Duration) error {
	sent := time.Now()
	told, _, err := c.batch("extend", r.names[0], r.id, int(ttl/time.Millisecond))
	if err != nil {
		return err
	}
	if told[0] != toldHeld || told[2] != r.token {
		c.lose(r)
		return errGone
	}
	c.mutex.Lock()
	r.ttl = ttl
	r.deadline = sent.Add(ttl)
	c.mutex.Unlock()
	return nil
}

func (c *client) lose(r *request) {
	c.mutex.Lock()
	_, isKnown := c.requests[r.number]
	c.mutex.Unlock()
	if !isKnown {
		return
	}
	c.forget(r)
	c.lost(r)
	// If it waits again, or is another's by now, nobody here wants it.
	c.batch("withdraw", r.names[0], r.id)
}

func (c *client) isHeld(r *request) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, isKnown := c.requests[r.number]
	return isKnown && time.Now().Before(r.deadline)
}

// release says whether the lock was held until now.
func (c *client) release(r *request) (bool, error) {
	c.forget(r)
	told, _, err := c.batch("release", r.names[0], r.id)
	if err != nil || told[0] != toldEnded || told[1] != wasHeld {
		return false, err
	}
	// Another token is that of a later grant of the request: ours had been lost.
	return told[2] == r.token, nil
}

func (c *client) close() error {
	for {
		more, err := c.run("lock_close", c.inbox)
		if err != nil || more != true {
			return err
		}
	}
}

// check asks what has become of a request that waits; an acknowledgement asks the same of a grant.
func (c *client) check(r *request, kind string) {
	operation := []any{kind, r.names[0], r.id}
	if kind == "check" {
		operation = append(operation, true)
	}
	sent := time.Now()
	told, _, err := c.batch(operation...)
	if err != nil {
		return // the wait goes on until its time-out: this client does not reconnect
	}
	switch told[0] {
	case toldHeld:
		select {
		case r.granted <- grant{told[2], sent}:
		default: // it was told before
		}
	case toldWaiting:
		c.checkAt(r, told[1])
	}
}

func (c *client) checkAt(r *request, us int) {
	in := time.Until(time.UnixMicro(int64(us)))
	if in < 10*time.Millisecond {
		in = 10 * time.Millisecond
	}
	go func() {
		select {
		case <-r.stop:
		case <-time.After(in):
			if c.isWaiting(r) {
				c.check(r, "check")
			}
		}
	}()
}

func (c *client) isWaiting(r *request) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, isKnown := c.requests[r.number]
	return isKnown && r.deadline.IsZero()
}

// pushed is told what is said in the inbox's room: all of it may be forged.
func (c *client) pushed(room int, event string, args []any) {
	c.mutex.Lock()
	isOurs := room == c.room
	all := make([]*request, 0, len(c.requests))
	for _, r := range c.requests {
		all = append(all, r)
	}
	c.mutex.Unlock()
	if !isOurs {
		return
	}
	for _, r := range all {
		isNamed := len(args) > 0 && args[0] == r.number
		switch {
		case event == "alive" && c.isWaiting(r):
			c.check(r, "check")
		case event == "granted" && isNamed && len(args) == 5 && args[1] == r.id[:16] && c.isWaiting(r):
			// Only the answer says that the grant was heard in time.
			c.check(r, "acknowledge")
		case event == "ask" && isNamed && len(args) == 3 && c.isWaiting(r):
			if us, isTime := args[2].(int); isTime {
				c.checkAt(r, us)
			}
		case event == "lost" && isNamed && !c.isWaiting(r):
			c.confirmLoss(r)
		}
	}
}

// confirmLoss asks the server, as anybody who may JOIN can push that a lease is lost.
func (c *client) confirmLoss(r *request) {
	told, _, err := c.batch("check", r.names[0], r.id, true)
	if err == nil && (told[0] != toldHeld || told[2] != r.token) {
		c.lose(r)
	}
}
