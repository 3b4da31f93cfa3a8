package converse

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"strings"
	"sync"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/llm"
)

// Meter says whether somebody may ask, and takes note of what it cost.
// *account.Service is one.
type Meter interface {
	Admit(ctx context.Context, p account.Principal) error
	Record(ctx context.Context, p account.Principal, s account.Spend) error
}

// Blobs keeps the bytes of files under their digest.
type Blobs interface {
	Put(ctx context.Context, data []byte) (digest string, err error)
	Get(ctx context.Context, digest string) ([]byte, error)
	Delete(ctx context.Context, digest string) error
}

// Options is what a Service needs to know of its surroundings.
type Options struct {
	Node     string           // this process, unique on the site
	Now      func() time.Time // time.Now if nil
	Log      *slog.Logger     // nothing is logged if nil
	Meter    Meter            // nobody counts if nil
	Blobs    Blobs            // folders have no files if nil
	Titles   bool             // the model names new chats
	Skills   Skills           // answers use none if nil
	AskFor   time.Duration    // how long a call waits for the user's word, 10 minutes if 0
	PageFor  time.Duration    // how long a call waits for the user's page, 3 minutes if 0
	Alone    bool             // no other process makes answers: what is live at the start is orphaned
	FlushMS  int              // how often the log is written, 250 if 0
	LeaseFor time.Duration    // 15 s if 0
}

// Service is all that concerns conversations. It is safe for concurrent use.
type Service struct {
	store  Store
	models llm.Models
	bus    bus.Bus
	opt    Options
	now    func() time.Time
	log    *slog.Logger

	hub     hub
	writer  *writer
	gate    sync.Mutex     // held while work begins, so that none begins after Close
	work    sync.WaitGroup // answers being made, and titles
	started time.Time
	closing context.Context
	cancel  context.CancelFunc
	unhear  func()
}

// Topics of the notices that the service publishes. The notice's ID is the
// chat's or the message's.
const (
	TopicChat        = "chat"
	TopicChatDeleted = "chat_deleted"
	TopicMessage     = "message"
	TopicFolder      = "folder"
	topicStop        = "stop"    // whoever makes the answer is to stop
	topicConsent     = "consent" // the user has answered its question, or their page has brought a result
)

// NewService returns a service and starts its log writer; Close ends it.
func NewService(store Store, models llm.Models, b bus.Bus, opt Options) *Service {
	s := &Service{store: store, models: models, bus: b, opt: opt, now: opt.Now, log: opt.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.opt.Node == "" {
		s.opt.Node = newID()
	}
	if s.opt.FlushMS == 0 {
		s.opt.FlushMS = 250
	}
	if s.opt.AskFor == 0 {
		s.opt.AskFor = askFor
	}
	if s.opt.PageFor == 0 {
		s.opt.PageFor = pageFor
	}
	if s.opt.LeaseFor == 0 {
		s.opt.LeaseFor = 15 * time.Second
	}
	s.started = s.now()
	s.closing, s.cancel = context.WithCancel(context.Background())
	s.writer = newWriter(s, time.Duration(s.opt.FlushMS)*time.Millisecond)
	s.unhear = b.Subscribe(s.hear)
	return s
}

// Run takes over what other processes left, renews leases, and forgets what
// was deleted long ago, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	s.rescue(ctx, s.opt.Alone)
	beat := time.NewTicker(s.opt.LeaseFor / 3)
	defer beat.Stop()
	var purged time.Time
	for {
		if now := s.now(); now.Sub(purged) > time.Hour {
			purged = now
			if err := s.store.Purge(ctx, now.AddDate(0, 0, -KeepDeleted)); err != nil && ctx.Err() == nil {
				s.log.Warn("deleted chats are not forgotten", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			s.renew(ctx)
			s.rescue(ctx, false)
		}
	}
}

// Close ends the answers that are being made; what they have said is kept and
// they are marked as interrupted.
func (s *Service) Close() error {
	s.gate.Lock()
	s.cancel()
	s.gate.Unlock()
	s.work.Wait()
	s.unhear()
	return s.writer.close()
}

// Running is the number of answers that this process makes.
func (s *Service) Running() int { return s.hub.size() }

// hear reacts to notices of other processes, and to our own.
func (s *Service) hear(n bus.Notice) {
	switch n.Topic {
	case topicStop:
		s.hub.stop(n.ID)
	case topicConsent:
		s.hub.nudge(n.ID)
	}
}

func (s *Service) tell(topic string, o Owner, id string) {
	s.bus.Publish(bus.Notice{Topic: topic, User: string(o), ID: id})
}

// writes refuses those who may only read.
func writes(p account.Principal) error {
	if !p.Writes() {
		return ErrReader
	}
	return nil
}

// newID is random, 128 bits, and fit for addresses.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// clientID takes an id made by a client if it is as ours are: 16 to 64 letters
// and digits. "" gives a new one.
func clientID(id string) (string, error) {
	if id == "" {
		return newID(), nil
	}
	if len(id) < 16 || len(id) > 64 {
		return "", invalid("id", "must have 16 to 64 characters")
	}
	for _, c := range []byte(id) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_') {
			return "", invalid("id", "must be letters, digits, - and _")
		}
	}
	return id, nil
}
