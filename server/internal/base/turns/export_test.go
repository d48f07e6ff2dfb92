package turns

// Waiting is how many wait.
func (t *Turns) Waiting() int { return int(t.waiting.Load()) }
