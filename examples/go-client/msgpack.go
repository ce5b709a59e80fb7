package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

// pack appends a value: nil, bool, int, string, or a list of such.
func pack(out []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(out, 0xc0)
	case bool:
		if v {
			return append(out, 0xc3)
		}
		return append(out, 0xc2)
	case int:
		return binary.BigEndian.AppendUint64(append(out, 0xd3), uint64(v))
	case string:
		out = binary.BigEndian.AppendUint32(append(out, 0xdb), uint32(len(v)))
		return append(out, v...)
	case []any:
		out = binary.BigEndian.AppendUint32(append(out, 0xdd), uint32(len(v)))
		for _, item := range v {
			out = pack(out, item)
		}
		return out
	}
	panic(fmt.Sprintf("%T is not packed here", value))
}

// maxDepth and the check of each length against what is there keep a hostile answer from costing more than its size.
const maxDepth = 64

type reader struct {
	data  []byte
	depth int
}

// unpack reads one value: nil, bool, int, float64, string, []any or map[string]any.
func unpack(data []byte) (value any, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("malformed MessagePack: %v", failure)
		}
	}()
	if len(data) == 0 {
		return nil, nil
	}
	r := &reader{data: data}
	return r.value(), nil
}

func (r *reader) take(n int) []byte {
	if n > len(r.data) {
		panic("a length beyond the end")
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) number(bytes int) uint64 {
	var n uint64
	for _, b := range r.take(bytes) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (r *reader) value() any {
	mark := r.take(1)[0]
	switch {
	case mark < 0x80:
		return int(mark)
	case mark >= 0xe0:
		return int(int8(mark))
	case mark < 0x90:
		return r.dict(int(mark & 0x0f))
	case mark < 0xa0:
		return r.list(int(mark & 0x0f))
	case mark < 0xc0:
		return string(r.take(int(mark & 0x1f)))
	}
	switch mark {
	case 0xc0:
		return nil
	case 0xc2, 0xc3:
		return mark == 0xc3
	case 0xc4, 0xd9:
		return string(r.take(int(r.number(1))))
	case 0xc5, 0xda:
		return string(r.take(int(r.number(2))))
	case 0xc6, 0xdb:
		return string(r.take(int(r.number(4))))
	case 0xca:
		return float64(math.Float32frombits(uint32(r.number(4))))
	case 0xcb:
		return math.Float64frombits(r.number(8))
	case 0xcc:
		return int(r.number(1))
	case 0xcd:
		return int(r.number(2))
	case 0xce:
		return int(r.number(4))
	case 0xcf, 0xd3:
		return int(r.number(8))
	case 0xd0:
		return int(int8(r.number(1)))
	case 0xd1:
		return int(int16(r.number(2)))
	case 0xd2:
		return int(int32(r.number(4)))
	case 0xdc:
		return r.list(int(r.number(2)))
	case 0xdd:
		return r.list(int(r.number(4)))
	case 0xde:
		return r.dict(int(r.number(2)))
	case 0xdf:
		return r.dict(int(r.number(4)))
	}
	panic(fmt.Sprintf("type 0x%x", mark))
}

func (r *reader) list(n int) []any {
	r.enter(n)
	defer r.leave()
	list := make([]any, n)
	for i := range list {
		list[i] = r.value()
	}
	return list
}

func (r *reader) dict(n int) map[string]any {
	r.enter(n)
	defer r.leave()
	dict := make(map[string]any, n)
	for i := 0; i < n; i++ {
		key := fmt.Sprint(r.value())
		dict[key] = r.value()
	}
	return dict
}

func (r *reader) enter(n int) {
	r.depth++
	if r.depth > maxDepth || n > len(r.data) {
		panic("too deep, or longer than there is")
	}
}

func (r *reader) leave() { r.depth-- }
