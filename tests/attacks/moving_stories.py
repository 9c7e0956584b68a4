"""What happens to a list while it is read: in each, Anna is there and a weaker proof does not see her."""

from tests.attacks.moving_account import MovingAccount, events, falls_out


def one_leaves_and_three_come(account: MovingAccount) -> None:
    """On a first run: as many are shown as totalCount says at the end, and Anna is not among them."""
    falls_out(account)
    account.before = {2: events(("go", "C"), ("come", "D"), ("come", "E"), ("come", "F"))}


def one_leaves_and_two_come(account: MovingAccount) -> None:
    falls_out(account)
    account.before = {2: events(("go", "C"), ("come", "D"), ("come", "E"))}


def one_leaves_and_another_comes_between_two_walks(account: MovingAccount) -> None:
    """Both walks together show as many as there are: somebody who left stands in for Anna."""
    falls_out(account)
    account.before = {3: events(("go", "C"), ("come", "D"))}


def one_leaves_before_the_head_is_read_again(account: MovingAccount) -> None:
    falls_out(account)
    account.before = {2: events(("come", "D")), 3: events(("go", "C"), ("come", "E"))}


def one_leaves_in_each_walk(account: MovingAccount) -> None:
    falls_out(account)
    account.before = {
        2: events(("go", "C"), ("come", "D")),
        4: events(("go", "D"), ("come", "E")),
        6: events(("go", "E"), ("come", "F"), ("come", "G")),
    }


def newcomers_come_and_go_under_an_offset(account: MovingAccount) -> None:
    """They shift Anna over the page's edge, are shown in her place, and leave."""
    account.come("Z", "A-1", "Y")
    account.cap, account.cursors = 1, "offset"
    account.before = {
        2: events(("come", "M"), ("come", "N")),
        3: events(("go", "M"), ("go", "N")),
    }


def an_early_row_leaves_under_an_offset(account: MovingAccount) -> None:
    account.come("Z", "A-1", "Y", "X")
    account.cursors = "offset"
    account.before = {2: events(("go", "X"), ("go", "Y"), ("come", "N"))}


def one_answer_is_old(account: MovingAccount) -> None:
    """A replica shows somebody who has left, in the place of Anna."""
    account.come("A-1", "B", "C", "D")
    account.cursors = "offset"

    def lags(account: MovingAccount) -> None:
        account.old = list(account.patients)
        account.old.insert(2, {**account.patients[0], "id": "id-gone", "mrn": "G"})

    account.before = {2: lags}


def the_same_row_twice(account: MovingAccount) -> None:
    account.come("A-1", "B")
    account.shows = lambda rows: [rows[0]] * len(rows)
