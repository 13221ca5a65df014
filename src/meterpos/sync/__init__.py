"""The exchange between till and head office: one batch up, pages down, each signed, each permanent progress.

wire      the messages: pure bytes to frozen records and back; head office uses it too
framing   their envelope: canonical header, signature, body lines, compression
packing   gzip, or columns (column_ways, pieces) for entries that look alike
records   what the messages say · fields  strict reading of their values · certificates  how a till is let in
protocol  the till's side as pure steps, without I/O · steps  what it asks of its driver
client    HTTP, one kept connection
exchange  one round trip, from the ledger's point of view
pace      when to try next
enrolment how a till gets its certificate
"""
