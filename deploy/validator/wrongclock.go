//go:build wrongclock && amd64

package main

import (
	"encoding/binary"
	"os"
	"reflect"
	"syscall"
	"time"
	"unsafe"
)

// The product is built without this file. Tests run one validator by a clock that is wrong by ECERTD_CLOCK: Go asks the
// kernel without the C library, so nothing outside a process can move its clock alone, and what reads it (CometBFT's
// votes and timeouts, the state machine, the JSON-RPC) is not ours to hand one. So time.Now begins with a jump to wrong.
func init() {
	code := reflect.ValueOf(time.Now).Pointer()
	page := uintptr(os.Getpagesize())
	first := code &^ (page - 1)
	text := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), first)), 2*page)
	if err := syscall.Mprotect(text, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC); err != nil {
		panic(err)
	}
	jump := []byte{0x49, 0xBB, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0xFF, 0xE3} // mov r11, wrong; jmp r11
	binary.LittleEndian.PutUint64(jump[2:], uint64(reflect.ValueOf(wrong).Pointer()))
	copy(text[code-first:], jump)
}

var offset = func() time.Duration {
	told, err := time.ParseDuration(os.Getenv("ECERTD_CLOCK"))
	if err != nil {
		panic(err)
	}
	return told
}()

var begun = time.Now()

// wrong shifts the clock on the wall alone, whose seconds are the bits from 30 on of a Time's first word; what measures
// how long something takes stays right, as in a machine whose clock is wrong.
func wrong() time.Time {
	now := begun.Add(time.Since(begun))
	*(*uint64)(unsafe.Pointer(&now)) += uint64(int64(offset/time.Second)) << 30
	return now
}
