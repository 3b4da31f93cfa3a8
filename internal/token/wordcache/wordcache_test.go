package wordcache

import (
	"slices"
	"strings"
	"testing"
)

func TestCache(t *testing.T) {
	c := New()
	ids := []int32{1, 2}
	c.Put("말", ids)
	ids[0] = 9
	if got, ok := c.Append([]int32{7}, "말"); !ok || !slices.Equal(got, []int32{7, 1, 2}) {
		t.Errorf("got %v %v", got, ok)
	}
	if got, ok := c.Append([]int32{7}, "모이"); ok || len(got) != 1 {
		t.Errorf("an unknown word gave %v %v", got, ok)
	}
	long := strings.Repeat("x", maxWord+1)
	c.Put(long, ids)
	if _, ok := c.Append(nil, long); ok {
		t.Error("a long word was kept")
	}
}
