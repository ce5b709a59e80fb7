package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// The numbers of ThingsDB's packages.
const (
	typeEmit  = 8
	typePong  = 16
	typeOk    = 17
	typeData  = 18
	typeError = 19
	typeAuth  = 33
	typeRun   = 37
	typeJoin  = 38

	maxPackage = 32 << 20
)

// serverError is how a node refuses a request.
type serverError struct {
	code    int
	message string
}

func (e serverError) Error() string { return fmt.Sprintf("%s (%d)", e.message, e.code) }

type answer struct {
	kind byte
	body any
	err  error
}

// connection sends requests over one TCP connection, and hands what is pushed to pushed.
type connection struct {
	socket  net.Conn
	pushed  func(room int, event string, args []any)
	mutex   sync.Mutex
	pending map[uint16]chan answer
	last    uint16
	ended   error
}

func dial(address string, pushed func(int, string, []any)) (*connection, error) {
	socket, err := net.Dial("tcp", address) // Go sets TCP_NODELAY
	if err != nil {
		return nil, err
	}
	c := &connection{socket: socket, pushed: pushed, pending: map[uint16]chan answer{}}
	go c.read()
	return c, nil
}

// request sends a package and waits for its answer.
func (c *connection) request(kind byte, body any) (any, error) {
	packed := pack(nil, body)
	reply := make(chan answer, 1)
	c.mutex.Lock()
	if c.ended != nil {
		c.mutex.Unlock()
		return nil, c.ended
	}
	c.last++
	id := c.last
	c.pending[id] = reply
	out := make([]byte, 8, 8+len(packed))
	binary.LittleEndian.PutUint32(out, uint32(len(packed)))
	binary.LittleEndian.PutUint16(out[4:], id)
	out[6], out[7] = kind, ^kind
	_, err := c.socket.Write(append(out, packed...))
	c.mutex.Unlock()
	if err != nil {
		return nil, err
	}
	got := <-reply
	return got.body, got.err
}

func (c *connection) read() {
	in := bufio.NewReader(c.socket)
	var err error
	for err == nil {
		err = c.readPackage(in)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ended = fmt.Errorf("the connection has ended: %w", err)
	for id, reply := range c.pending {
		delete(c.pending, id)
		reply <- answer{err: c.ended}
	}
}

func (c *connection) readPackage(in io.Reader) error {
	header := make([]byte, 8)
	if _, err := io.ReadFull(in, header); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(header)
	if header[6] != ^header[7] || size > maxPackage {
		return fmt.Errorf("this is no package of ThingsDB")
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(in, data); err != nil {
		return err
	}
	body, err := unpack(data)
	if kind := header[6]; kind < typePong {
		c.push(kind, body)
	} else {
		c.answer(binary.LittleEndian.Uint16(header[4:]), answer{kind, body, err})
	}
	return nil
}

// push hands an event of a room on; whatever else is pushed, or cannot be read, is passed over.
func (c *connection) push(kind byte, body any) {
	message, _ := body.(map[string]any)
	room, isRoom := message["id"].(int)
	event, isEvent := message["event"].(string)
	args, isList := message["args"].([]any)
	if kind == typeEmit && isRoom && isEvent && isList {
		c.pushed(room, event, args)
	}
}

func (c *connection) answer(id uint16, got answer) {
	c.mutex.Lock()
	reply := c.pending[id]
	delete(c.pending, id)
	c.mutex.Unlock()
	if reply == nil {
		return
	}
	if got.kind == typeError && got.err == nil {
		body, _ := got.body.(map[string]any)
		code, _ := body["error_code"].(int)
		message, _ := body["error_msg"].(string)
		got.err = serverError{code, message}
	}
	reply <- got
}
