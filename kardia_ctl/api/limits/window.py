"""How many requests may be under way at once: additive increase, multiplicative decrease."""


class Window:
    """A size between 1 and ``most`` that follows the server's 429 and 503, as TCP's follows lost packets.

    It halves when the server asks for less, once for all that was under way at that moment: the answers to
    those say nothing of the smaller size. A whole window of requests that got through makes it one larger.
    Rounds tell which is which: each halving begins a new one, and a request belongs to that in which it left.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = most
        self._round = 0
        self._through = 0
        self._streak = 0

    @property
    def size(self) -> int:
        """How many may be under way."""
        return self._size

    @property
    def round(self) -> int:
        """What a request that leaves now belongs to."""
        return self._round

    @property
    def streak(self) -> int:
        """How many halvings there were since a request got through."""
        return self._streak

    def throttled(self, sent_in: int) -> bool:
        """A request of that round was asked to come later; whether it was the first of its round."""
        if sent_in != self._round:
            return False
        self._size = max(1, self._size // 2)
        self._round += 1
        self._through = 0
        self._streak += 1
        return True

    def got_through(self, sent_in: int) -> None:
        """A request of that round was answered, whatever the answer."""
        if sent_in != self._round:
            return
        self._streak = 0
        self._through += 1
        if self._through >= self._size:
            self._size = min(self._most, self._size + 1)
            self._through = 0
