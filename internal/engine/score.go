package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// scoring is the part of a sequence that belongs to a Score. The loop fills
// logits and sets busy; the caller reads logits and clears busy.
type scoring struct {
	seen   int       // rows handed to the caller
	logits []float32 // (rows, V)
	ready  chan int  // rows in logits; one at a time
	busy   atomic.Bool
}

// Score calls f for every position of ids in order with the logits, (V), that
// follow it. It computes all of them anew, in pages of its own, beside other
// requests. f runs on the caller's goroutine and must not keep logits; its
// error ends the Score and is returned. Other errors are those of Submit.
func (e *Engine) Score(ctx context.Context, ids []int32, f func(pos int, logits []float32) error) error {
	V := e.model.VocabSize()
	if len(ids) == 0 {
		return fmt.Errorf("%w: nothing to score", ErrRequest)
	}
	if err := checkIDs(ids, V); err != nil {
		return err
	}
	if len(ids) > e.limit {
		return &ErrContext{Prompt: len(ids), Limit: e.limit}
	}
	s := &sequence{
		tokens: append([]int32(nil), ids...), prompt: len(ids),
		score:  &scoring{ready: make(chan int, 1)},
		stream: newStream(0, e.wake),
	}
	s.table.Private = true
	if err := e.enqueue(ctx, s); err != nil {
		return err
	}
	return s.listen(ctx, V, f)
}

// listen passes logits to f until all are there or something ends the Score.
func (s *sequence) listen(ctx context.Context, V int, f func(int, []float32) error) error {
	for pos := 0; pos < s.prompt; {
		var rows int
		select {
		case rows = <-s.score.ready:
		case <-s.stream.done:
			select {
			case rows = <-s.score.ready: // the last rows came with the end
			default:
				return s.scoreError(ctx)
			}
		}
		for i := range rows {
			err := ctx.Err()
			if err == nil {
				err = f(pos+i, s.score.logits[i*V:(i+1)*V])
			}
			if err != nil {
				s.stream.Cancel()
				<-s.stream.done
				return err
			}
		}
		pos += rows
		s.score.busy.Store(false)
		s.stream.wake()
	}
	<-s.stream.done
	return nil
}

// scoreError says why a Score ended early.
func (s *sequence) scoreError(ctx context.Context) error {
	if s.stream.err != nil {
		return s.stream.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.New("engine: score was cancelled")
}

// deliver hands the step's rows of a Score to its caller. The loop goes on
// without waiting for him.
func (e *Engine) deliver(s *sequence) {
	if s.outs > 0 {
		V := e.model.VocabSize()
		s.score.logits = append(s.score.logits[:0], e.batch.Logits[s.row*V:(s.row+s.outs)*V]...)
		s.score.seen += s.outs
		s.score.busy.Store(true)
		s.score.ready <- s.outs
	}
	if s.want() == 0 {
		e.end(s, FinishStop, nil)
	}
}
