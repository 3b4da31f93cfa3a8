package cli

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"malmoi/internal/num/quant"
)

// quantCmd converts between blocks and float32 on standard input and output.
type quantCmd struct {
	Decode quantDecodeCmd `cmd:"" help:"Blocks on stdin to float32 (little endian) on stdout."`
	Encode quantEncodeCmd `cmd:"" help:"float32 (little endian) on stdin to blocks on stdout."`
}

type quantDecodeCmd struct {
	Type string `required:"" help:"Block type, such as Q4_K." placeholder:"TYPE"`
}

type quantEncodeCmd struct {
	Type string `required:"" help:"Block type, such as Q4_K." placeholder:"TYPE"`
}

// blocksPerChunk bounds the memory of a conversion of any length.
const blocksPerChunk = 4096

func (c *quantDecodeCmd) Run(env *Env) error {
	t, err := quant.ParseType(c.Type)
	if err != nil {
		return withHint(err, "types are F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS MXFP4")
	}
	values := make([]float32, blocksPerChunk*t.BlockLen())
	out := make([]byte, 4*len(values))
	return chunks(env.Stdin, t.BlockBytes(), t.String()+" blocks", func(in []byte) error {
		v := values[:len(in)/t.BlockBytes()*t.BlockLen()]
		if err := quant.Decode(t, v, in); err != nil {
			return err
		}
		for i, x := range v {
			binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(x))
		}
		_, err := env.Stdout.Write(out[:4*len(v)])
		return err
	})
}

func (c *quantEncodeCmd) Run(env *Env) error {
	t, err := quant.ParseType(c.Type)
	if err != nil {
		return err
	}
	values := make([]float32, blocksPerChunk*t.BlockLen())
	out := make([]byte, blocksPerChunk*t.BlockBytes())
	return chunks(env.Stdin, 4*t.BlockLen(), fmt.Sprintf("groups of %d float32", t.BlockLen()), func(in []byte) error {
		v := values[:len(in)/4]
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(in[4*i:]))
		}
		o := out[:len(v)/t.BlockLen()*t.BlockBytes()]
		if err := quant.Encode(t, o, v); err != nil {
			return err
		}
		_, err := env.Stdout.Write(o)
		return err
	})
}

// chunks reads r in whole units of the given size.
func chunks(r io.Reader, unit int, what string, f func([]byte) error) error {
	buf := make([]byte, blocksPerChunk*unit)
	for {
		n, err := io.ReadFull(r, buf)
		if n%unit != 0 && err != nil {
			return fmt.Errorf("input ends inside: not whole %s of %d bytes", what, unit)
		}
		if n > 0 {
			if err := f(buf[:n]); err != nil {
				return err
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return nil
		default:
			return err
		}
	}
}
