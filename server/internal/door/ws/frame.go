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

// outFrame is a frame of the server. ID and Data are JSON.
type outFrame struct {
	Event string
	ID    json.RawMessage // nil for none
	Seq   string          // "" for none
	Data  json.RawMessage // nil for {}
}

// encode takes one allocation: the frame. The parts were checked when they were made, and are not read again.
func (f outFrame) encode() []byte {
	const names = len(`{"event":"","id":,"seq":"","data":{}}`)
	out := make([]byte, 0, names+len(f.Event)+len(f.ID)+len(f.Seq)+len(f.Data))
	out = wire.AppendText(append(out, `{"event":`...), f.Event)
	if f.ID != nil {
		out = append(append(out, `,"id":`...), f.ID...)
	}
	if f.Seq != "" {
		out = wire.AppendText(append(out, `,"seq":`...), f.Seq)
	}
	return append(append(append(out, `,"data":`...), orEmpty(f.Data)...), '}')
}
