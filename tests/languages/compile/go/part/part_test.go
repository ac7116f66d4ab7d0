package part

import "testing"

func TestName(t *testing.T) {
	if Name() != "part part " {
		t.Fail()
	}
}
