package ws

import (
	"encoding/json"
	"errors"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// frame is a frame of the client: {"event":"…","data":{…},"id":<any>}.
type frame struct {
	ID    json.RawMessage `json:"id"` // nil if the client wants no acknowledgement
	Event *string         `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// parseFrame parses a frame. After an error the frame may still have an id to answer.
func parseFrame(data []byte) (frame, error) {
	var f frame
	if err := wire.DecodeLenient(data, &f); err != nil {
		var named struct {
			ID json.RawMessage `json:"id"`
		}
		if wire.DecodeLenient(data, &named) != nil {
			return frame{}, err // an id of such a frame can't be trusted either
		}
		return frame{ID: named.ID}, err
	}
	if f.Event == nil {
		return f, errors.New("event is missing")
	}
	if len(f.Data) > 0 && f.Data[0] != '{' {
		return f, errors.New("data must be a JSON object")
	}
	return f, nil
}

// outFrame is a frame of the server.
type outFrame struct {
	Event string          `json:"event"`
	ID    json.RawMessage `json:"id,omitempty"`
	Seq   string          `json:"seq,omitempty"`
	Data  json.RawMessage `json:"data"`
}

func (f outFrame) encode() []byte {
	f.Data = orEmpty(f.Data)
	out, err := json.Marshal(f)
	if err != nil {
		panic("server: a frame can't be encoded: " + err.Error())
	}
	return out
}
