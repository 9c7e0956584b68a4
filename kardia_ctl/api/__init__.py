"""The v1 API on httpx: what may be read, what has an effect, and what is known after each answer.

``kardia_ctl.api.client.open_session`` is the way in.
"""
