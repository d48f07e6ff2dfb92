package questions

import "net/http"

const (
	maxRedirects = 3

	// refusedLocation is the header with the target of a redirect that is not followed.
	refusedLocation = "X-Refused-Location"
)

// sameHost hides redirects to other hosts from the client, which then takes them as answers. A questionnaire's name is
// the players' choice: it must not lead this server elsewhere, nor may a target that can't be parsed count as an outage.
type sameHost struct{ next http.RoundTripper }

func (s sameHost) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	target := response.Header.Get("Location")
	response.Header.Del(refusedLocation)
	if to, err := request.URL.Parse(target); err != nil || to.Host != request.URL.Host || to.Scheme != request.URL.Scheme {
		response.Header.Set(refusedLocation, target)
		response.Header.Del("Location")
	}
	return response, nil
}

// limitRedirects ends a loop of redirects with the last one.
func limitRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// refusedRedirect says why a redirect was not followed, "" if the answer is none.
func refusedRedirect(response *http.Response) string {
	if target := response.Header.Get(refusedLocation); target != "" {
		return " to " + target + ": redirects are followed to the same scheme and host only"
	}
	if response.Header.Get("Location") != "" {
		return ": there are too many redirects"
	}
	return ""
}
