package account

import "context"

// Recheck looks into the store as Run does.
func (s *Service) Recheck(ctx context.Context) { s.recheck(ctx) }

// Watching is how many streams are watched.
func (s *Service) Watching() int {
	s.watched.mu.Lock()
	defer s.watched.mu.Unlock()
	return len(s.watched.set)
}
