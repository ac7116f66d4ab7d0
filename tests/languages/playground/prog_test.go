package main

import (
	"testing"
	"time"
)

func lastIndex(list []int, x int) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == x {
			return i
		}
	}
	return -1
}

func TestLastIndex(t *testing.T) {
	for _, test := range []struct {
		list []int
		x    int
		want int
	}{
		{[]int{1}, 1, 0},
		{[]int{1, 1}, 1, 1},
		{[]int{2, 1}, 3, -1},
	} {
		if got := lastIndex(test.list, test.x); got != test.want {
			t.Errorf("lastIndex(%v, %d) = %d, want %d", test.list, test.x, got, test.want)
		}
	}
}

func TestTimeout(t *testing.T) {
	select {
	case <-time.After(90 * time.Second):
	case <-time.After(time.Hour):
		t.Error("the hour came first")
	}
}
