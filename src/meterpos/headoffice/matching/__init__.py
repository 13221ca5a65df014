"""Money that came in by M-Pesa and bank, matched to payments: by reference and amount, all of a statement or nothing.

statements  reading CSV files    callbacks   what M-Pesa tells at once    places     whose an account reference is
standing    payments under a reference    taking   confirming, posting, and what a person must look at
money       what came in, in the words all share    besides   what else a statement says, or does not
desk        placing by hand, and payments that arrive after their money
waiting     what is still open between the two
same_money  what came by paybill and stands on a receipt too
"""
