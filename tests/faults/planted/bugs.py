"""The planted bugs, in the order of a payment's trip: the counter, the push, head office, the feed, the restores."""

from typing import Final

from tests.faults.planted import Bug, Edit

PUSHING: Final = "meterpos.sync.pushing:Pushing."
PULLING: Final = "meterpos.sync.pulling:Pulling."
EXCHANGE: Final = "meterpos.sync.exchange:"
DELIVERIES: Final = "meterpos.sync.deliveries:"
PAGES: Final = "meterpos.sync.pages:"
INTAKE: Final = "meterpos.headoffice.intake:"
CHAIN: Final = "meterpos.headoffice.chain:"
DECISIONS: Final = "meterpos.headoffice.decisions:"
ROUTES: Final = "meterpos.headoffice.routes.exchange:"
RECEIVE: Final = "intake.receive(conn, outgoing, push=batch, entries=entries, device=device, at=at)"
OFFICE_FEED: Final = "meterpos.headoffice.feed:"
FEED: Final = "meterpos.ledger.operations.feed:"
PLACES: Final = "meterpos.ledger.operations.places:"
LOOKING: Final = "meterpos.ledger.operations.looking:"
POSTING: Final = "meterpos.ledger.posting:"
STREAMS: Final = "meterpos.ledger.queries.streams:"
RECALLS: Final = "meterpos.ledger.operations.recalls:"
COURIER: Final = "meterpos.sync.courier:"
MIRROR: Final = "meterpos.sync.mirror:"
CLAIMS: Final = "meterpos.headoffice.receipt_claims:"
ZONES: Final = "meterpos.headoffice.zones:"


def _bug(name: str, says: str, *edits: tuple[str, str, str]) -> Bug:
    return Bug(name, says, tuple(Edit(*edit) for edit in edits))


BUGS: Final = (
    # --- at the counter
    _bug(
        "a double press pays twice",
        "the tender id is not looked up",
        (
            "meterpos.ledger.operations.tenders:take_tender",
            "if again is not None:",
            "if again is not None and not again:",
        ),
    ),
    _bug(
        "the chain begins anew at each entry",
        "an entry does not name the one before it",
        ("meterpos.ledger.journal:append", "prev=prev", "prev=FIRST_PREV"),
    ),
    _bug(
        "papers are numbered across streams",
        "the number of a paper goes on from another stream's",
        (
            "meterpos.ledger.operations.entries:next_number",
            "(last or 0) + 1",
            "(last or 0) + 2",
        ),
    ),
    # --- the push
    _bug(
        "a lost answer is taken for a yes",
        "what was sent counts as delivered when the line breaks",
        (
            PUSHING + "_push_batch",
            "        self._bear(answer)\n        self._shrink_batch(len(entries))\n        return None\n",
            "        self._bear(answer)\n        if entries:\n"
            "            from meterpos.sync.wire import Ack\n"
            "            return Ack(batch='', generation=self.cursor.generation, stream=stream,"
            " through_seq=entries[-1].seq, head=entries[-1].entry_id, at='2026-11-20T06:41:07.123Z', count=0,"
            " sum_minor=0, answers=(), held=False, lineage=())\n"
            "        self._shrink_batch(len(entries))\n        return None\n",
        ),
    ),
    _bug(
        "an answer is believed unsigned",
        "the server's signature is not checked",
        ("meterpos.sync.framing:check_signature", "if not ", "if False and not "),
    ),
    _bug(
        "an acknowledgement counts for whatever was sent last",
        "an old answer, or another batch's, is taken for this one's",
        (DELIVERIES + "read_ack", "if batch is not None and ack.batch != batch:", "if False:"),
        (
            PUSHING + "_push_batch",
            "return ack",
            "return replace(ack, through_seq=entries[-1].seq, head=entries[-1].entry_id) if entries else ack",
        ),
    ),
    _bug(
        "a page is not bound to its question",
        "an old page is taken for this one",
        (PAGES + "read_page", "if request is not None and page.request != request:", "if False:"),
        (PULLING + "_ask", "if page.generation == self.cursor.generation and page.after != after:", "if False:"),
        (
            FEED + "_move_cursor",
            "till_identity.c.generation == generation, till_identity.c.position == after",
            "till_identity.c.generation == generation",
        ),
    ),
    _bug(
        "the first entry of each batch is skipped",
        "reading goes on one place too far",
        ("meterpos.ledger.journal:entries_after", '"after_seq": seq', '"after_seq": seq + 1'),
    ),
    _bug(
        "any head is believed",
        "an acknowledgement of another journal counts for this one",
        (PUSHING + "_believe", "if place.entry_id != ack.head:", "if False:"),
    ),
    _bug(
        "what cannot be joined counts as delivered",
        "an answer that ends before the batch is taken for its end",
        (PUSHING + "_believe", "sent if ack.through_seq > sent[0] else (0, FIRST_PREV)", "sent"),
    ),
    _bug(
        "another branch's end stops the till",
        "a copied till takes its twin's chain for a fork and never delivers",
        (PUSHING + "_believe", "if ack.through_seq == sent[0]:", "if True:"),
    ),
    _bug(
        "old streams are never asked about again",
        "after a restore of the server only the current stream is offered",
        (PUSHING + "_push_all", "if moved_back or state.generation != self.cursor.generation:", "if False:"),
    ),
    _bug(
        "what is not acknowledged is forgotten",
        "the place a batch is offered from is where this till ends",
        (PUSHING + "_push", "through, prev = ack.through_seq, ack.head", "through, prev = state.last_seq, ack.head"),
    ),
    # --- head office takes in
    _bug(
        "answered before the commit",
        "head office answers, then the power goes before anything is kept",
        (
            ROUTES + "receive_batch",
            "            with office.write() as (conn, outgoing):\n                return " + RECEIVE + "\n",
            "            received = None\n"
            "            try:\n"
            "                with office.write() as (conn, outgoing):\n"
            "                    received = " + RECEIVE + "\n"
            "            except BaseException:\n"
            "                if received is None:\n"
            "                    raise\n"
            "            return received\n",
        ),
    ),
    _bug(
        "the feed is written after the commit",
        "payments and their places in the feed are two transactions",
        (
            ROUTES + "receive_batch",
            "            with office.write() as (conn, outgoing):\n                return " + RECEIVE + "\n",
            "            from meterpos.headoffice.feed import Outgoing, flush\n"
            "            outgoing = Outgoing()\n"
            "            with office.store.write() as conn:\n"
            "                received = " + RECEIVE + "\n"
            "            with office.store.write() as conn:\n"
            "                flush(conn, outgoing)\n"
            "            return received\n",
        ),
    ),
    _bug(
        "raw entries are kept apart from what they mean",
        "an entry is stored in one transaction and never posted when the power goes before the other",
        (
            ROUTES + "receive_batch",
            "            with office.write() as (conn, outgoing):\n",
            "            entries = intake.chain.entries_of(batch)\n"
            "            with office.write() as (conn, outgoing):\n"
            "                row = intake._hold_stream(conn, push=batch, device=device, at=at)\n"
            "                intake._store(conn, intake.chain.place(conn, row, batch, entries).new, at=at)\n"
            "            with office.write() as (conn, outgoing):\n",
        ),
    ),
    _bug(
        "deduplication by number",
        "an entry whose place is taken counts as had, whatever it says",
        (
            CHAIN + "place",
            "        placed.new.append(entry)\n",
            "        if entry.seq <= stream.through_seq:\n"
            "            placed.known |= {entry.entry_id}\n"
            "            continue\n"
            "        placed.new.append(entry)\n",
        ),
    ),
    _bug(
        "signed for past a gap",
        "entries whose predecessor has not come count as the chain's end",
        (CHAIN + "place", 'if branch == "main" and entry.seq == placed.through_seq + 1:', 'if branch != "fork":'),
    ),
    _bug(
        "everything received is signed for",
        "the acknowledgement names the batch's end, joined or not",
        (
            CHAIN + "signed_for",
            'if placed.last == "main":',
            'if entries:\n        return entries[-1].seq, entries[-1].entry_id\n    if placed.last == "main":',
        ),
    ),
    _bug(
        "what waited after a gap never finds its place",
        "entries beside the chain stay there when what was missing has come",
        (CHAIN + "record", "if placed.new and placed.beside:", "if False:"),
    ),
    _bug(
        "only the chain is posted",
        "payments on a copied till's branch are kept and mean nothing",
        (
            INTAKE + "receive",
            "_post(conn, outgoing, outcomes, placed.new,",
            "_post(conn, outgoing, outcomes, [e for e in placed.new if e.entry_id not in placed.sides],",
        ),
        (
            INTAKE + "_answer",
            "outcomes.by_entry[entry.entry_id]",
            'outcomes.by_entry.get(entry.entry_id, ("stored", ""))',
        ),
    ),
    _bug(
        "one odd batch is dropped whole",
        "a batch with something to look at is acknowledged and not posted",
        (
            INTAKE + "_try_to_post",
            "    outgoing.add(sent)\n",
            "    if not found.openings:\n        outgoing.add(sent)\n",
        ),
    ),
    _bug(
        "an exception is not opened",
        "money goes to suspense and nobody is told",
        (
            INTAKE + "_write_down",
            "exceptions.open_all(conn, put_right_requests.merged(conn, outcomes.openings), at=at)",
            "pass",
        ),
    ),
    _bug(
        "every user of a reference owns it",
        "one reference pays twice",
        (DECISIONS + "_owns", "if bench.spent[key] - bench.undone:", "if False:"),
    ),
    _bug(
        "a second reversal counts as well",
        "nobody decides which of two reversals counts",
        (DECISIONS + "_reversal", 'if bench.owners["reversal", subject] != fact.fact_id:', "if False:"),
    ),
    _bug(
        "a reversal that comes first is dropped",
        "a reversal whose payment has not come has no effect for ever",
        (
            DECISIONS + "_reversal",
            'return place(fact, stands_on=fact.stands_on, decision="account"), [opening]',
            'return place(fact, stands_on=fact.stands_on, decision="none"), [opening]',
        ),
    ),
    _bug(
        "a reversal stands where it was stated",
        "the reversal of money in suspense is booked on the account",
        (
            DECISIONS + "_reversal",
            "return place(fact, stands_on=payment.stands_on, decision=_word(bench, payment.stands_on)), []",
            'return __import__("msgspec").structs.replace(fact, decision="account", amount_minor=0), []',
        ),
    ),
    # --- the feed
    _bug(
        "a page and its end are read apart",
        "what is written between the two reads is skipped for ever",
        (
            ROUTES + "_pull",
            "    for zone in asked.differs:\n",
            "    if page and not page.more:\n"
            "        from dataclasses import replace\n"
            "        with office.store.read() as conn:\n"
            "            page = replace(page, through=feed.page(conn, zones=zones, after=asked.after, limit=1).through"
            " if not feed.page(conn, zones=zones, after=asked.after, limit=1).more else"
            " conn.exec_driver_sql('SELECT value FROM counters WHERE name = \\'feed\\'').scalar_one())\n"
            "    for zone in asked.differs:\n",
        ),
    ),
    _bug(
        "a full page skips to the end",
        "the cursor moves past rows that did not fit",
        (OFFICE_FEED + "page", "through=places[-1][0] if more else max(through, after)", "through=max(through, after)"),
    ),
    _bug(
        "a full page says it is the last",
        "rows that did not fit are taken for none",
        (OFFICE_FEED + "page", "more = len(places) > limit", "more = False"),
    ),
    _bug(
        "the cursor moves before the page is applied",
        "two transactions: a power cut between them skips a page",
        (
            EXCHANGE + "_Drive._take",
            "        case _ if isinstance(step, _WRITES)",
            "        case steps.ApplyPage(page):\n"
            "            from sqlalchemy import update\n"
            "            from meterpos.ledger.tables import till_identity\n"
            "            with self.store.write() as connection:\n"
            "                connection.execute(update(till_identity).values(position=page.through))\n"
            "            with self.store.write() as connection:\n"
            "                feed.apply_again(connection, generation=page.generation, rows=page.rows)\n"
            "        case _ if isinstance(step, _WRITES)",
        ),
    ),
    _bug(
        "two exchanges at once, and each moves the cursor on",
        "the second one's page moves the place past what was applied",
        (EXCHANGE + "exchange", "with only_exchange(home):", "if True:"),
        (
            FEED + "_move_cursor",
            "till_identity.c.generation == generation, till_identity.c.position == after)\n"
            "        .values(position=through,",
            "till_identity.c.generation == generation)\n"
            "        .values(position=till_identity.c.position + (through - after),",
        ),
    ),
    _bug(
        "facts are counted twice on return",
        "a till's own payment comes back as another",
        (
            FEED + "_apply_facts",
            "known = known_facts(",
            'arrived = [Fact(**{**{n: getattr(f, n) for n in f.__struct_fields__}, "fact_id": f.fact_id + "x"})'
            ' if f.kind == "payment" and f.entry_id else f for f in arrived]\n    known = known_facts(',
        ),
    ),
    _bug(
        "a movement stays where it stood",
        "money head office put in suspense still pays the account at the till",
        (
            POSTING + "_restamp",
            "if old.stands_on != fact.stands_on or",
            "if False and old.stands_on != fact.stands_on or",
        ),
    ),
    _bug(
        "digests are not compared",
        "a till believes that it agrees",
        (PULLING + "_compare", "if self.course.agreed is None:", "return\n    if self.course.agreed is None:"),
    ),
    _bug(
        "the second look begins at the cursor",
        "what is missing before the cursor is not found",
        (PULLING + "_look", "after = 0", "after = self.cursor.position"),
    ),
    _bug(
        "a zone looked at in vain is never looked at again",
        "what head office gets back later never reaches the till",
        (
            PULLING + "_compare",
            "again = [zone for zone, gap in differing.items() if in_vain.get(zone) != gap]",
            "again = [zone for zone in differing if zone not in in_vain]",
        ),
    ),
    # --- restores
    _bug(
        "a new generation keeps the whole cursor",
        "places of the old generation are taken for the new one's",
        ("meterpos.sync.talk:common_place", "keep = min(keep, step.parent_through)", "pass"),
    ),
    _bug(
        "a new generation names its parent's end too far",
        "tills keep places the backup did not have",
        (
            "meterpos.headoffice.restores:begin_generation",
            '"parent_position": position',
            '"parent_position": position + 1000',
        ),
    ),
    _bug(
        "two restores become the same generation",
        "the generation is the parent's next number",
        ("meterpos.headoffice.restores:begin_generation", "new = parent + 1 + leap", "new = parent + 1"),
    ),
    _bug(
        "what head office lost goes on counting",
        "facts above the common place keep their effect",
        (PLACES + "take_away", 'decision="none"', 'decision="account"'),
    ),
    _bug(
        "what head office lost keeps its place",
        "facts above the common place are not let go",
        (PLACES + "unplace", "if rows:", "if False:"),
    ),
    _bug(
        "balances are not worked out after a restore",
        "sums still hold what was let go",
        (FEED + "begin_again", "    recalculate(connection, touched", "    (lambda *_: None)(connection, touched"),
    ),
    _bug(
        "a number used again stops the feed",
        "head office may not say otherwise what it said before it was restored",
        (FEED + "_forget_changed", "if not changed:", "if True:"),
    ),
    _bug(
        "a restored till counts another's entries as its own end",
        "the place of a stream is its highest, whatever stands there",
        (STREAMS + "stream_place", "if seq:\n", "if seq and seq % 2:\n"),
    ),
    # --- what a restored till takes back
    _bug(
        "what was taken back is not posted",
        "entries come back into the journal and mean nothing",
        (RECALLS + "keep_recalled", "        _project(connection, made[start : start + CHUNK])", "        pass"),
    ),
    _bug(
        "what was taken back pays again",
        "facts that came back through the feed meanwhile are posted once more under another id",
        (
            RECALLS + "_project",
            "posted = post(connection, [fact for fact in stated if fact.fact_id not in known])",
            "from msgspec.structs import replace\n"
            '    posted = post(connection, [replace(fact, fact_id=fact.fact_id + "x") for fact in stated])',
        ),
    ),
    _bug(
        "an old stream's end is not fetched",
        "a restored till does not take back what only head office has of it",
        (
            PUSHING + "_push",
            "if not state.is_current and ack.through_seq > state.last_seq:",
            "if False:",
        ),
    ),
    _bug(
        "recalled entries begin one too late",
        "the first entry after the till's end is left out",
        (CHAIN + "entries_after", "journal.c.seq > asked.after_seq", "journal.c.seq > asked.after_seq + 1"),
    ),
    _bug(
        "a copy's branch is given back as this till's",
        "entries beside the chain go out with it",
        (CHAIN + "entries_after", ", side_entries.c.entry_id.is_(None)", ""),
    ),
    # --- sticks
    _bug(
        "an old answer by stick is the truth",
        "what head office signed for before it was restored is believed after",
        (
            COURIER + "_Reader.take",
            "is_latest = bool(self.request) and sync_state.is_latest_word(connection, request=self.request)",
            "is_latest = True",
        ),
    ),
    _bug(
        "a page by stick is applied from its own start",
        "rows before the till's place count again, and the place jumps",
        (
            COURIER + "_Reader._apply",
            "not page.after <= here.position <= page.through",
            "False",
        ),
    ),
    _bug(
        "any head on a stick is believed",
        "an acknowledgement of another journal counts for this one",
        (COURIER + "_Reader._record", "before is None or place.entry_id != ack.head", "before is None"),
        ("meterpos.ledger.operations.sync_state:record_ack", "if ours != head:", "if False:"),
    ),
    _bug(
        "a stick skips the generation",
        "pages of a restored head office are applied at the old place",
        (
            COURIER + "_Reader._enter_generation",
            "keep = common_place(cursor, generation=newest.generation, lineage=newest.lineage)",
            "keep = here.position",
        ),
    ),
    # --- mirrors
    _bug(
        "a mirror leaves out the first entry that is missing",
        "what is appended begins one too late",
        (MIRROR + "_frames", "seq=after, limit=wire.ENTRIES_MAX", "seq=after + (not number), limit=wire.ENTRIES_MAX"),
    ),
    _bug(
        "a mirror holds the current stream alone",
        "what a restored till brought along from an earlier stream is mirrored nowhere",
        (MIRROR + "_frames", "    for state in states:\n", "    for state in states[:1]:\n"),
    ),
    _bug(
        "a mirror that grew is read to its first piece",
        "head office leaves what was appended later",
        ("meterpos.headoffice.mirrors:read_mirror", "        end = after\n", "        end = after\n        break\n"),
    ),
    _bug(
        "a mirror is only looked at",
        "head office counts what a stick holds and keeps nothing of it",
        (
            "meterpos.headoffice.mirrors:read_mirror",
            "routes.receive_batch(office, batch, device, office.moment().at)",
            "__import__('types').SimpleNamespace(answers=())",
        ),
    ),
    _bug(
        "a mirror is compared by numbers alone",
        "a till that came back unsaid takes another branch's entries in its mirror for its own",
        (MIRROR + "_is_apart", "return last != (", "return False and last != ("),
    ),
    _bug(
        "a mirror is not asked where it begins",
        "what head office lost from before its first entry is mirrored nowhere",
        (MIRROR + "_Kept.has_all", "return all(", "return True or all("),
    ),
    _bug(
        "nobody tells a till what its stick brought",
        "what head office read after the till came back never comes into its journal",
        (CHAIN + "tell_of_growth", "if conn.execute(known).scalar_one() > 1:", "if False:"),
    ),
    # --- claims
    _bug(
        "a claim counts beside its original",
        "what was claimed from a receipt is not taken back when the entry comes",
        (CLAIMS + "take_in", "    _supersede(", "    (lambda *_, **__: None)("),
    ),
    _bug(
        "a claim of what is here is posted",
        "nobody looks whether the entry itself is there",
        (CLAIMS + "_believed", "if entry_id[:SHORT_BYTES] == seal.entry_prefix:", "if False:"),
    ),
    _bug(
        "a claim is not told",
        "money is known from a paper alone, and no open item says so",
        (CLAIMS + "claim", "    exceptions.open_all(conn, [opening], at=at)\n", ""),
    ),
    _bug(
        "a claim made at a till means nothing",
        "its entry is stored and not posted",
        (CLAIMS + "take_in", "if one.kind == ENTRY_KIND", "if one.kind == 'nothing'"),
    ),
    _bug(
        "a claim counts nowhere",
        "it is written down, and no fact is posted",
        (CLAIMS + "claim", "    post_facts(conn, outgoing, [payment])\n", ""),
    ),
    _bug(
        "a claim is known by its number",
        "of two lost receipts of one number the second is taken for the first",
        (CLAIMS + "claim", "receipt_claims.c.fact_id == fact_id", "receipt_claims.c.number == seal.number"),
    ),
    # --- customers that move
    _bug(
        "the old zone does not hear that an account left",
        "its tills go on serving it",
        (ZONES + "_send_master", "        outgoing.send(ACCOUNT_LEFT, number, zone=old)\n", ""),
    ),
    _bug(
        "the new zone does not hear of the account",
        "its tills do not know whom to serve",
        (ZONES + "_send_master", "        outgoing.send(kind, key, zone=new)\n", ""),
    ),
    _bug(
        "the new zone gets no history",
        "what was paid and billed before stays in the old zone's line",
        (ZONES + "_send_facts", "outgoing.send_fact(fact, zones=zones)", "pass"),
    ),
    _bug(
        "a moved account's facts stay in the old line too",
        "digests count them in both zones",
        (ZONES + "_send_facts", '        outgoing.take_out("fact", fact.fact_id, zone=old)\n', ""),
    ),
    _bug(
        "a till's own payment leaves with its customer",
        "the till that took it hears of it no more",
        (ZONES + "_send_facts", "            zones.append(till_zone(till))\n", "            pass\n"),
    ),
    # --- what a restored head office no longer names
    _bug(
        "a hand-over that head office lost stays at tills",
        "accounts a look did not name are kept",
        (LOOKING + "_unnamed_accounts", '("account", row.account_no) not in named', "False"),
    ),
    _bug(
        "a restore leaves no doubt of accounts",
        "nothing is looked at that has no digest",
        (FEED + "begin_again", "till_identity.c.in_doubt | (heard > keep_through)", "False"),
    ),
    _bug(
        "a look leaves what it did not name its place",
        "facts that head office lost, and nobody told of, count at tills for ever",
        (LOOKING + "forget_unheard", "if not unheard:", "if True:"),
    ),
    # --- witnesses
    _bug(
        "what a restore took is not told",
        "nobody tells head office what tills heard of it and it has no more",
        (PULLING + "_tell_what_was_lost", "forgotten: Sequence[Remembered] = yield ReadForgotten()", "forgotten = ()"),
    ),
    _bug(
        "a witness is heard and not kept",
        "head office signs for what a till remembers, and writes nothing down",
        ("meterpos.headoffice.witnesses:take_in", "    bulk.insert_new(conn, witnesses, rows)\n", ""),
    ),
    _bug(
        "a lost fact is noted as told and never told",
        "the note is made, and the message left out",
        (PULLING + "_tell_what_was_lost", "if not (yield from self._witness(generation, part)):", "if False:"),
    ),
)
