"""Papers: composed once, from their entry alone, and rendered to thermal paper, PDF, picture and text.

spool       what waits for the printer, and what became of it
devices     a printer at the end of a cable or a network: bytes out, status back
thermal     render: bytes for an ESC/POS printer
pdf         render: a roll as PDF
a4          render: pages as PDF
preview     render: text and pictures, for screen and tests
picture     the drawing of lines and pages in real type, for what a printer has no letters for, and for the preview
layout      a document set at 32, 42 or 48 columns: lines with a place for every letter
sheet       a document set on A4: blocks with a place on a page; charts and tables set theirs, page is what they are of
letters     how wide letters are, where lines break, on rolls; typeset: on pages
fonts       which font draws which letter
receipt, shift_report, statement         compose
report      what statements and reports share
labels, report_labels, words  what papers say, in English and Swahili; amounts in words
document    what is on a paper
"""
