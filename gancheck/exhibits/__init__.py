"""Builders of exhibits: the one place that knows the payload of each kind of picture.

=========  =========================================================================================
kind       payload
=========  =========================================================================================
grid       ``tiles`` [{image, caption}], ``role`` (reference | samples)
pairs      ``pairs`` [{left, right, caption}], ``left_title``, ``right_title``
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
=========  =========================================================================================

Images are data URIs; numbers are plain floats. Vector samples of two dimensions become scatters.
"""

from gancheck.exhibits.charts import bars, crossing, scatter
from gancheck.exhibits.fields import heatmap, latent_slice, morph, place_colours, shaded
from gancheck.exhibits.pictures import grid, pairs, strip

__all__ = [
    "bars",
    "crossing",
    "grid",
    "heatmap",
    "latent_slice",
    "morph",
    "pairs",
    "place_colours",
    "scatter",
    "shaded",
    "strip",
]
