package main

import (
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // registers the format
)

// curve is the percentiles that are drawn, each twice as rare as the one before.
func curve() []float64 {
	var percentiles []float64
	for rare := 1.0; rare > 0.0001; rare /= 1.25 {
		percentiles = append(percentiles, 100*(1-rare))
	}
	return percentiles
}

// draw draws each measure: its time over the share of players that were as fast.
func (r *report) draw(file string) error {
	p := plot.New()
	p.Title.Text = r.What
	p.X.Label.Text, p.Y.Label.Text = "share of players", "milliseconds"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, shares()
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	for i, m := range r.measured {
		if m.count() == 0 {
			continue
		}
		line, err := plotter.NewLine(m.points())
		if err != nil {
			return err
		}
		line.Color, line.Width = plotutil.Color(i), vg.Points(2)
		p.Add(line)
		p.Legend.Add(measureNames[i], line)
	}
	return p.Save(20*vg.Centimeter, 12*vg.Centimeter, file)
}

// points are a measure's percentiles. The scale of shares stretches the slowest ones: it is that of 1/(1-share).
func (m *measure) points() plotter.XYs {
	var points plotter.XYs
	for _, percentile := range curve() {
		points = append(points, plotter.XY{X: 100 / (100 - percentile), Y: max(m.at(percentile), 0.1)})
	}
	return points
}

// shares are the marks of the scale of shares.
func shares() plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, share := range []float64{0, 50, 90, 99, 99.9, 99.99} {
		ticks = append(ticks, plot.Tick{Value: 100 / (100 - share), Label: strconv.FormatFloat(share, 'g', -1, 64) + " %"})
	}
	return ticks
}
