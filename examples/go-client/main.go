// A client of thingsdb-lock in Go, written from docs/PROTOCOL.md, as a program for the conformance suite:
//
//	(cd examples/go-client && go build -o /tmp/go-client .) && npm run conformance -- /tmp/go-client
//
// It renews, waits, gives up, shares and takes several names. It does not reconnect, and does not hand leases on.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"
)

// order is what docs/CONFORMANCE.md calls one.
type order struct {
	Call       int      `json:"call"`
	Do         string   `json:"do"`
	Key        string   `json:"key"`
	URL        string   `json:"url"`
	User       string   `json:"user"`
	Password   string   `json:"password"`
	Collection string   `json:"collection"`
	Names      []string `json:"names"`
	TTL        int      `json:"ttl"`
	Wait       *int     `json:"wait"`
	Renew      bool     `json:"renew"`
	Mode       string   `json:"mode"`
	Permits    int      `json:"permits"`
	Of         int      `json:"of"`
}

var features = []string{
	"try", "wait-timeout", "cancel", "tokens", "truth", "renew", "extend", "lost", "shared", "semaphore", "several-names", "inbox",
}

const sharedLimit = 2147483647

type program struct {
	client *client
	mutex  sync.Mutex
	leases map[string]*request
	keys   map[*request]string
}

var output sync.Mutex

func say(said map[string]any) {
	line, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}

func (p *program) open(o order) (any, error) {
	address, err := url.Parse(o.URL)
	if err != nil {
		return nil, err
	}
	p.client, err = open(address.Host, o.User, o.Password, o.Collection, func(r *request) {
		p.mutex.Lock()
		key := p.keys[r]
		p.mutex.Unlock()
		say(map[string]any{"event": "lost", "key": key})
	})
	return map[string]any{"features": features}, err
}

func (p *program) request(o order) (r *request, units, limit int) {
	names := make([]any, len(o.Names))
	for i, name := range o.Names {
		names[i] = name
	}
	r = p.client.newRequest(names, time.Duration(o.TTL)*time.Millisecond)
	p.mutex.Lock()
	p.leases[o.Key], p.keys[r] = r, o.Key
	p.mutex.Unlock()
	if o.Mode == "shared" {
		return r, 1, sharedLimit
	}
	return r, o.Permits, o.Of
}

func (p *program) lease(key string) (*request, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if r := p.leases[key]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("there is no lease %s", key)
}

func (p *program) obey(o order) (any, error) {
	switch o.Do {
	case "open":
		return p.open(o)
	case "acquire":
		r, units, limit := p.request(o)
		wait := time.Duration(-1)
		if o.Wait != nil {
			wait = time.Duration(*o.Wait) * time.Millisecond
		}
		err := p.client.acquire(r, units, limit, wait, o.Renew)
		return map[string]any{"token": r.token}, err
	case "try":
		r, units, limit := p.request(o)
		isHeld, err := p.client.try(r, units, limit, o.Renew)
		if !isHeld {
			return nil, err
		}
		return map[string]any{"token": r.token}, nil
	case "close":
		return nil, p.client.close()
	}
	r, err := p.lease(o.Key)
	if err != nil {
		return nil, err
	}
	switch o.Do {
	case "cancel":
		close(r.cancelled)
		return nil, nil
	case "extend":
		return nil, p.client.extend(r, time.Duration(o.TTL)*time.Millisecond)
	case "is-held":
		return p.client.isHeld(r), nil
	case "release":
		return p.client.release(r)
	}
	return nil, fmt.Errorf("it cannot %s", o.Do)
}

func (p *program) answer(o order) {
	result, err := p.obey(o)
	switch {
	case err == nil:
		say(map[string]any{"call": o.Call, "result": result})
	case errors.Is(err, errTimeout), errors.Is(err, errCancelled), errors.Is(err, errGone):
		say(map[string]any{"call": o.Call, "error": err.Error()})
	default:
		say(map[string]any{"call": o.Call, "error": "failed", "message": err.Error()})
	}
}

func main() {
	p := &program{leases: map[string]*request{}, keys: map[*request]string{}}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if o.Do == "close" {
			p.answer(o)
			return
		}
		go p.answer(o)
	}
}
