package chain

import (
	"sync"
	"time"
)

const (
	// silence is how old the last votes may be for a block that carries transactions. Under full load on two cores
	// blocks are close to two seconds apart, counted from sight to sight.
	silence = 3 * time.Second
	// wrongBy is how far this node's clock may be from the blocks' time before that is said, once a pause.
	wrongBy, pause = 5 * time.Second, time.Minute
)

// sightings are when this node accepted a proposal of the last two heights. Votes for a block are cast after it was seen,
// and their time is the next block's; so a node knows how old that is by having waited, whatever its clock says.
//
// At is zero where the node was not there: the first height after a start may be one that it voted on before it.
type sightings struct {
	mu           sync.Mutex
	before, last sighting
	said         time.Time
	wrong        bool
}

type sighting struct {
	height int64
	at     time.Time
}

// see notes the first time that a height's proposal is accepted.
func (s *sightings) see(height int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if height <= s.last.height {
		return
	}
	if s.last.height == 0 {
		now = time.Time{}
	}
	s.before, s.last = s.last, sighting{height, now}
}

// isLate tells a proposer that its block would bear an old time: of votes that it did not just see being cast.
func (s *sightings) isLate(height int64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(height - 1)
	return at.IsZero() || now.Sub(at) > silence
}

// clock compares this node's clock with the time of a block, which votes made between the sight of the block before and
// now: by is how far it is ahead (behind, if negative), and news is true when that is to be said.
func (s *sightings) clock(height int64, proposed, now time.Time) (by time.Duration, news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of(height - 1)
	if at.IsZero() {
		return 0, false
	}
	// Round leaves the monotonic clock out: what is asked is what the clock on the wall says.
	if ahead := at.Round(0).Sub(proposed); ahead > wrongBy {
		by = ahead
	} else if behind := proposed.Sub(now.Round(0)); behind > wrongBy {
		by = -behind
	}
	was := s.wrong
	s.wrong = by != 0
	if s.wrong && (!was || now.Sub(s.said) > pause) {
		s.said = now
		return by, true
	}
	return by, was && !s.wrong
}

func (s *sightings) of(height int64) time.Time {
	for _, seen := range []sighting{s.before, s.last} {
		if seen.height == height {
			return seen.at
		}
	}
	return time.Time{}
}
