package upstream

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"

	"malmoi/internal/llm"
)

// balance chooses replicas: rendezvous hashing (Thaler and Ravishankar, 1998)
// keeps a conversation at one replica and moves only what must move when one
// goes; a bound on the load (Mirrokni, Thorup and Zadimoghaddam, 2016) sends
// the overflow of a crowded replica to the next in the conversation's order.
type balance struct {
	name     string
	replicas []*replica
	most     int // requests at one replica at once

	mu sync.Mutex // guards the step from looking at loads to adding one
}

// slack is how far above the mean load a replica may be, as a ratio 5/4.
const slackNum, slackDen = 5, 4

// pick leases a replica for a request of a conversation. tried are replicas
// that failed it already; they come last.
func (b *balance) pick(key, model string, tried map[*replica]bool) (*lease, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	order := b.order(key, model, tried)
	bound := b.bound(order)
	full := false
	// First those below the bound, then, when all are above, whoever has room.
	for _, limit := range []int64{bound, int64(b.most)} {
		for _, r := range order {
			if n := r.inFlight.Load(); n >= limit {
				full = full || n >= int64(b.most)
				continue
			}
			done, err := r.breaker.Allow()
			if err != nil {
				continue
			}
			r.inFlight.Add(1)
			return &lease{replica: r, done: done}, nil
		}
	}
	if full {
		return nil, &Error{Upstream: b.name, Message: fmt.Sprintf("has %d requests from here already", b.most), Kind: llm.ErrBusy}
	}
	return nil, &Error{Upstream: b.name, Message: "failed several times in a row and is left alone for a moment", Kind: llm.ErrUnavailable, After: breakerRest}
}

// order is the replicas from the best to the last resort: untried before tried,
// those that answered the last probe before those that did not, then by the
// conversation's hash. Replicas that do not list the model are left out, unless
// none does.
func (b *balance) order(key, model string, tried map[*replica]bool) []*replica {
	type ranked struct {
		*replica
		rank int
		hash uint64
	}
	var list []ranked
	for _, only := range []bool{true, false} {
		for _, r := range b.replicas {
			if listed, known := r.has(model); only && known && !listed {
				continue
			}
			rank := 0
			if r.down.Load() {
				rank = 1
			}
			if tried[r] {
				rank = 2
			}
			list = append(list, ranked{r, rank, weight(key, r.base)})
		}
		if len(list) > 0 {
			break
		}
	}
	slices.SortFunc(list, func(x, y ranked) int {
		return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(y.hash, x.hash), cmp.Compare(x.base, y.base))
	})
	out := make([]*replica, len(list))
	for i, r := range list {
		out[i] = r.replica
	}
	return out
}

// bound is the load up to which a replica takes its own conversations: the mean
// with the new request, plus slack.
func (b *balance) bound(replicas []*replica) int64 {
	if len(replicas) == 0 {
		return 0
	}
	total := int64(1)
	for _, r := range replicas {
		total += r.inFlight.Load()
	}
	n := int64(len(replicas)) * slackDen
	return min((total*slackNum+n-1)/n, int64(b.most))
}

// weight is the rendezvous weight of a pair. FNV alone barely mixes the last
// bytes into the high bits, so the sum goes through a finaliser (MurmurHash3's).
func weight(key, base string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	h.Write([]byte{0})
	h.Write([]byte(base))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// conversationKey tells conversations apart that nobody named: by what does not
// change while they grow, up to the first word of the user.
func conversationKey(r llm.ChatRequest) string {
	h := fnv.New64a()
	for _, m := range r.Messages {
		h.Write([]byte(m.Role))
		h.Write([]byte{0})
		h.Write([]byte(m.Content))
		h.Write([]byte{0})
		if m.Role == "user" {
			break
		}
	}
	return string(h.Sum(nil))
}
