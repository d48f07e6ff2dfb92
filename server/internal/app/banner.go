package app

import "fmt"

// banner has the first steps with a server. A log line would not do: it escapes the quotes of the command.
func (s *Server) banner(url string) string {
	play, proof := url+"/demo", ""
	if !s.config.HasDemo() {
		play = "off; --demo turns it on"
	}
	if s.config.JWTSecret != "" || s.config.APIKey != "" {
		proof = `-H "Authorization: Bearer $TOKEN" `
	}
	redis := "the one of --redis, namespace " + s.config.Namespace
	if s.redis.Embedded() {
		redis = "embedded: data is lost at the end; --redis URL uses a real one"
	}
	return fmt.Sprintf(`
  Play       %s
  Dashboard  %s/dashboard
  Queue      curl %s-H 'Content-Type: application/json' -d '{"player":"alice"}' %s/v1/queues/history/tickets
  Redis      %s

Listening; Ctrl+C ends it.
`, play, url, proof, url, redis)
}
