"""Builders of exhibits: the one place that knows the payload of each kind of picture.

=========  =========================================================================================
kind       payload
=========  =========================================================================================
grid       ``tiles`` [{image, caption}], ``role`` (reference | samples)
pairs      ``pairs`` [{left, right, caption}], ``left_title``, ``right_title``; with a
           ``difference_title``, each pair has a ``difference``, too: middle grey where equal
bars       ``rows`` [{label, reference, samples, low, high, status}], all shares in 0..1
scatter    ``series`` [{name, role, x, y}], ``x_label``, ``y_label``
heatmap    ``image``, ``extent`` [x0, x1, y0, y1], ``low``, ``high``, ``unit``, ``x_label``,
           ``y_label``, ``marks`` [[x, y], ...] drawn in red on top
strip      ``tiles`` [{image, caption}], neighbours along a line through the latent space;
           ``jumps`` distances of neighbours in units of random pairs, empty where not measured
slice      ``layers`` [{name, title, unit, image, low, high, clipped}], ``extent``, ``x_label``,
           ``y_label``, ``lines`` [{kind, title, closed, points [[x, y], ...]}], ``rings`` [radius]
crossing   ``reference`` {x, y}, ``steps`` {x, y} in order, ``jumps``, ``x_label``, ``y_label``
morph      ``start`` {x, y, x_label, y_label, extent}, ``end`` {x, y, x_label, y_label},
           ``reference`` {x, y}, ``colours`` [#rrggbb]
cloud      ``positions`` pairs of uint16 over ``extent`` [x0, x1, y0, y1], the reference first;
           for each point ``flags`` uint8 (1 sample, 2 off the reference), ``modes`` int16 (number
           of a label, -1 unknown), ``tiles`` uint16 (number of a picture, 65535 none);
           ``colours`` three uint8 for each sample, or empty; ``names`` of each side, or empty;
           ``labels``; ``sheet`` {image, columns, tile [w, h], cell [w, h]} or None;
           ``x_label``, ``y_label``
histogram  ``series`` [{name, role, counts}], ``edges`` (one more than counts), ``x_label``,
           ``y_label``, ``marks`` [{at, text}]: lines across at values
lines      ``series`` [{name, role, lines [[y, ...], ...]}], ``x_label``, ``y_label``
voyage     ``steps``, ``points`` of each, ``positions`` (those of the first step first) and
           ``reference``, pairs of uint16 over ``extent``, ``colours`` three uint8 for each point of
           a step, or empty; ``x_label``, ``y_label``
film       ``steps``, ``names`` of the rows, ``sheet`` as in a cloud: all steps of the first row
           first
fields     ``steps``, ``images`` of each, ``extent``, ``low``, ``high``, ``clipped``, ``unit``,
           ``x_label``, ``y_label``; the same colours in all steps
table      ``columns``, ``rows`` [[text or number, ...]], the worst first; ``note`` under it
=========  =========================================================================================

Lines of a slice, and strips and crossings, may carry the number of a ``surface``: that is how a
line leads to the strip across it.

Images are data URIs; arrays of a cloud and a voyage are base64 of little-endian numbers; all other
numbers are plain floats.
"""

from gancheck.exhibits.charts import bars, crossing, scatter
from gancheck.exhibits.cloud import Side, cloud
from gancheck.exhibits.copies import compared_pairs, difference, histogram
from gancheck.exhibits.fields import heatmap, latent_slice, morph, place_colours, shaded
from gancheck.exhibits.pictures import grid, pairs, strip
from gancheck.exhibits.tables import table
from gancheck.exhibits.voyages import fields_over_time, film, voyage

__all__ = [
    "Side",
    "bars",
    "cloud",
    "compared_pairs",
    "crossing",
    "difference",
    "fields_over_time",
    "film",
    "grid",
    "heatmap",
    "histogram",
    "latent_slice",
    "morph",
    "pairs",
    "place_colours",
    "scatter",
    "shaded",
    "strip",
    "table",
    "voyage",
]
