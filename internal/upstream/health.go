package upstream

// Health says how an upstream is, for the administrator.
type Health struct {
	Name     string
	Replicas []ReplicaHealth
}

// ReplicaHealth says how one address is.
type ReplicaHealth struct {
	Address  string
	Answers  bool // it answered the last probe
	Resting  bool // it failed in a row and gets no requests
	InFlight int
	Models   int
}

func (u *Server) health() Health {
	h := Health{Name: u.name}
	for _, r := range u.balance.replicas {
		one := ReplicaHealth{Address: r.base, Answers: !r.down.Load(), Resting: r.breaker.State().String() == "open", InFlight: int(r.inFlight.Load())}
		if m := r.models.Load(); m != nil {
			one.Models = len(*m)
		} else {
			one.Answers = false
		}
		h.Replicas = append(h.Replicas, one)
	}
	return h
}
