package browser_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

// A game on a phone, from the first screen to the result. Its pictures, side by side, are the README's film strip.
func TestPicturesOfAGame(t *testing.T) {
	t.Parallel()
	folder, right := shortQuiz(t)
	s := serveWith(t, matchqtest.Embedded(t), func(c *app.Config) {
		c.Game.Countdown, c.Game.Question, c.Game.Pause = 200*time.Millisecond, 15*time.Second, 2*time.Second
	}, "--questions", folder, "--interval", "1s")
	a, b := s.player("Clever Otter"), s.player("Swift Crane")
	a.do("be a phone", chromedp.EmulateViewport(360, 680, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(0.56))) // small pictures
	a.click(`.set:has([value="history"])`)
	frames := [][]byte{a.capture()}
	a.click("#play")
	a.see(".inside")
	frames = append(frames, a.capture())
	b.queueFor("history")
	a.see("#start")
	frames = append(frames, a.capture())
	a.begin()
	b.begin()
	for round := range rounds {
		choice := right[a.asked()]
		b.asked()
		wrong := choice%4 + 1
		b.click(".choice:nth-child(" + strconv.Itoa(wrong) + ")")
		a.see(".board .answered:not(.mine)")
		if round == 1 {
			frames = append(frames, a.capture())
		}
		a.watch()
		a.click(".choice:nth-child(" + strconv.Itoa(choice) + ")")
		if round == 1 {
			a.saw(".choice.right.mine") // and, unless the machine is busy, still shows it
			frames = append(frames, a.capture())
		}
		a.saw(".choice.right.mine")
		a.gone(".choice.right")
	}
	a.sees(".outcome", "You won")
	a.scores()
	strip := filmStrip(t, append(frames, a.capture()))
	if len(strip) > 200_000 {
		t.Errorf("the film strip takes %d bytes", len(strip))
	}
	keepPicture(t, "demo-strip", strip)
}

// shortQuiz makes a folder of the built-in questionnaires, in which that of history has as many questions as a short game
// needs. It returns the number of the right choice of each.
func shortQuiz(t *testing.T) (folder string, right map[string]int) {
	t.Helper()
	folder, right = t.TempDir(), map[string]int{}
	if err := os.CopyFS(folder, os.DirFS("../../play/questions/sets")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(folder, "history.json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Title     string           `json:"title"`
		Questions []map[string]any `json:"questions"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	set.Questions = set.Questions[:2*rounds]
	for _, q := range set.Questions {
		question, _ := q["text"].(string)
		answer, _ := q["answer"].(float64)
		right[question] = int(answer) + 1
	}
	if text, err = json.Marshal(set); err == nil {
		err = os.WriteFile(name, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder, right
}

// filmStrip puts pictures of one size side by side.
func filmStrip(t *testing.T, frames [][]byte) []byte {
	t.Helper()
	const gap = 12
	var strip draw.Image
	for i, frame := range frames {
		picture, err := png.Decode(bytes.NewReader(frame))
		if err != nil {
			t.Fatal(err)
		}
		size := picture.Bounds().Size()
		if strip == nil {
			strip = image.NewRGBA(image.Rect(0, 0, len(frames)*(size.X+gap)-gap, size.Y))
			draw.Draw(strip, strip.Bounds(), image.NewUniform(color.Transparent), image.Point{}, draw.Src)
		}
		at := image.Pt(i*(size.X+gap), 0)
		draw.Draw(strip, image.Rectangle{at, at.Add(size)}, picture, image.Point{}, draw.Src)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, strip); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
