# SPDX-License-Identifier: GPL-3.0-or-later
# style -- how every figure looks. `width` and `height` are set by the caller.
#
# The colours differ in hue for colour-blind readers (after Okabe and Ito) and are dark
# enough to be read as text; the dashes tell lines apart on a grey print.
set encoding utf8
load 'format.gp'
if (ending eq 'svg') {
    set terminal svg size width, height noenhanced font 'Helvetica,14' \
        background '#ffffff' name 'headroom'
}
# The other terminals measure letters, lines and points in units of their own; with these
# factors they look like the first.
if (ending eq 'pdf') { # a pixel is a point
    set terminal pdfcairo size width / 72, height / 72 noenhanced color \
        font 'Helvetica,14' fontscale 0.75 linewidth 2.4 pointscale 1.8 dashlength 1.5 \
        background '#ffffff'
}
if (ending eq 'png') { # two pixels for one
    set terminal pngcairo size 2 * width, 2 * height noenhanced color \
        font 'Helvetica,14' fontscale 1.5 linewidth 2.4 pointscale 3.6 dashlength 1.5 \
        background '#ffffff'
}
set output 'figure.'.ending

ink = '#222222'
quiet = '#666666'
faint = '#e3e3e3'

array colour[6] = ['#005a9c', '#c44e00', '#00785a', '#9c3a78', '#7a5c00', '#333333']
colour_of(i) = colour[(i - 1) % 6 + 1]
point_of(i) = int(word('7 5 9 13 11 15 3', (i - 1) % 7 + 1))
dash_of(i) = (i - 1) % 4 + 1
set linetype 1 dashtype solid
set linetype 2 dashtype (14, 4)
set linetype 3 dashtype (12, 3, 2, 3)
set linetype 4 dashtype (4, 3)

set border 1 linewidth 1 linecolor rgb quiet
set tics nomirror out scale 0.5 textcolor rgb ink
set xtics offset 0, 0.4
set grid linetype 1 linewidth 1 linecolor rgb faint
unset key
unset title
