package kernel

import (
	"encoding/binary"

	"malmoi/internal/num/quant"
)

// This file lays out sixteen rows at once, which all panels but the last and
// those between two weights have. What it writes is what the packer of the type
// writes row by row: that one is the definition.

// wholePacker lays out block b of sixteen rows that begin stride bytes apart in
// src.
type wholePacker func(dst, src []byte, stride, b int)

// wholePackers are of the types that files have most of.
var wholePackers = map[quant.Type]wholePacker{
	quant.Q4_0: wholeQ4_0, quant.Q4_1: wholeQ4_1, quant.Q5_0: wholeQ5_0, quant.Q8_0: wholeQ8_0,
}

// packWhole lays out sixteen rows of C columns that follow each other in src;
// false if it does not know the type.
func packWhole(t quant.Type, dst, src []byte, C int) bool {
	pack := wholePackers[t]
	if pack == nil {
		return false
	}
	stride, _ := t.RowBytes(C)
	for b := range C / blockCols {
		pack(dst, src, stride, b)
	}
	return true
}

func wholeQ4_0(dst, src []byte, stride, b int) {
	src, dst = src[18*b:], dst[b/2*576:]
	turn((*[256]byte)(dst[b%2*256:]), src[2:], stride, 0)
	turnHalves((*[32]byte)(dst[512+b%2*32:]), src, stride)
}

func wholeQ4_1(dst, src []byte, stride, b int) {
	src, dst = src[20*b:], dst[b/2*640:]
	turn((*[256]byte)(dst[b%2*256:]), src[4:], stride, 0)
	turnHalves((*[32]byte)(dst[512+b%2*64:]), src, stride)
	turnHalves((*[32]byte)(dst[512+b%2*64+32:]), src[2:], stride)
}

func wholeQ5_0(dst, src []byte, stride, b int) {
	src, dst = src[22*b:], dst[b/2*704:]
	turn((*[256]byte)(dst[b%2*256:]), src[6:], stride, 0)
	scales, fifths := (*[32]byte)(dst[640+b%2*32:]), (*[64]byte)(dst[512+b%2*64:])
	for r := range PanelRows {
		head := (*[6]byte)(src[r*stride:])
		binary.LittleEndian.PutUint16(scales[2*r:], binary.LittleEndian.Uint16(head[:]))
		binary.LittleEndian.PutUint32(fifths[4*r:], fifthBits(binary.LittleEndian.Uint32(head[2:])))
	}
}

func wholeQ8_0(dst, src []byte, stride, b int) {
	src, dst = src[34*b:], dst[b/2*1088:]
	turn((*[256]byte)(dst[b%2*512:]), src[2:], stride, 0x80808080)
	turn((*[256]byte)(dst[b%2*512+256:]), src[18:], stride, 0x80808080)
	turnHalves((*[32]byte)(dst[1024+b%2*32:]), src, stride)
}

// turnHalves writes the first two bytes of sixteen rows beside each other.
func turnHalves(dst *[32]byte, src []byte, stride int) {
	for r := range PanelRows {
		binary.LittleEndian.PutUint16(dst[2*r:], binary.LittleEndian.Uint16(src[r*stride:]))
	}
}

// turnGeneric writes the first sixteen bytes of sixteen rows as four lines of
// sixteen words, with the bits of flip turned over.
func turnGeneric(dst *[256]byte, src []byte, stride int, flip uint32) {
	for r := range PanelRows {
		row := (*[16]byte)(src[r*stride:])
		for j := range 4 {
			binary.LittleEndian.PutUint32(dst[64*j+4*r:], binary.LittleEndian.Uint32(row[4*j:])^flip)
		}
	}
}
