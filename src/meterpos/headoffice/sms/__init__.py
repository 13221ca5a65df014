"""Short messages: what happened to a customer's money, said once, in the customer's language.

length     parts of a text on the air     templates  strict words with fields     phones   one way to write a number
setup      the gateway a utility uses     outbox     queue once, list, opt out    drafting from facts to messages
bulk       to a selection of customers    gateways   one file a way to send       sending  what is due, at a rate
reports    what became of what was sent

Facts come by exchange or command; a worker of the server (or ``sms send``) makes the messages afterwards, so that no
payment ever waits for one.
"""
