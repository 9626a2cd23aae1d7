package chain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestATransactionGoesUnderVotesThatWereSeenBeingCastAndNoOthers(t *testing.T) {
	start := time.Now()
	after := func(d time.Duration) time.Time { return start.Add(d) }
	var s sightings
	require.True(t, s.isLate(1, start), "nothing was seen")
	s.see(7, start)
	require.True(t, s.isLate(8, start), "what comes first after a start may have been voted on before it")
	s.see(8, after(time.Second))
	require.False(t, s.isLate(9, after(2*time.Second)))
	require.True(t, s.isLate(9, after(time.Second+silence+1)), "a silence lay between")
	require.True(t, s.isLate(10, after(time.Second)), "height 9 was not seen")
	s.see(8, after(time.Minute))
	require.True(t, s.isLate(9, after(time.Minute)), "a later round of a height says nothing of its first votes")
	s.see(9, after(time.Minute))
	require.True(t, s.isLate(9, after(time.Minute)), "nor does a failed round of the height itself")
}

func TestAClockIsWrongByWhatTheVotesBetweenTwoSightsSay(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	for _, each := range []struct{ proposed, by time.Duration }{
		{500 * time.Millisecond, 0}, {-wrongBy, 0}, {-time.Hour, time.Hour}, {time.Second + wrongBy, 0},
		{time.Hour, -(time.Hour - time.Second)},
	} {
		var s sightings
		s.see(1, start)
		s.see(2, start)
		by, news := s.clock(3, start.Add(each.proposed), start.Add(time.Second))
		require.Equal(t, each.by, by)
		require.Equal(t, by != 0, news)
	}
}

func TestAWrongClockIsSaidOnceAPauseAndItsEndOnce(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	var s sightings
	s.see(1, start)
	said := func(height int64, at, ahead time.Duration) bool {
		s.see(height, start.Add(at))
		_, news := s.clock(height+1, start.Add(at-ahead), start.Add(at))
		return news
	}
	require.False(t, said(2, 0, 0))
	require.True(t, said(3, time.Second, time.Hour))
	require.False(t, said(4, 2*time.Second, time.Hour))
	require.True(t, said(5, 2*time.Second+pause, time.Hour))
	require.True(t, said(6, 3*time.Second+pause, 0))
	require.False(t, said(7, 4*time.Second+pause, 0))
}
