package waiters

// Callers is how many wait for a ticket.
func (w *Waiters[T]) Callers(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.all[id]; t != nil {
		return len(t.callers)
	}
	return 0
}
