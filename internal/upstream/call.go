package upstream

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// call sends a request whose answer is one body, at most limit bytes, with the
// same care as a stream: nothing of it was used before it is whole.
func (u *Server) call(ctx context.Context, a ask, limit int64, out any) error {
	tried := map[*replica]bool{}
	var last error
	for range maxAttempts {
		l, err := u.balance.pick(a.key, a.model, tried)
		if err != nil {
			if last != nil {
				return last
			}
			return err
		}
		if tried[l.replica] && !pause(ctx, backoff) {
			l.release()
			return ctx.Err()
		}
		err = u.callOnce(ctx, l, a, limit, out)
		l.judge(err)
		u.blame(l.replica, err)
		l.release()
		if err == nil || !retryable(err) || ctx.Err() != nil {
			return err
		}
		tried[l.replica] = true
		last = err
	}
	return last
}

func (u *Server) callOnce(ctx context.Context, l *lease, a ask, limit int64, out any) error {
	ctx, w := newWatch(ctx, u.limits)
	defer w.stop()
	res, err := u.post(ctx, l.base+a.path, a.body)
	if err != nil {
		return transportError(ctx, u.name, "cannot be reached", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return u.answerError(res)
	}
	data, err := io.ReadAll(io.LimitReader(newPulse(res.Body, w), limit+1))
	if err != nil {
		return transportError(ctx, u.name, "stopped in the middle of an answer", err)
	}
	if int64(len(data)) > limit {
		return badAnswer(u.name, "the answer is longer than %d bytes", limit)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return badAnswer(u.name, "the answer is not the JSON it should be")
	}
	return nil
}
