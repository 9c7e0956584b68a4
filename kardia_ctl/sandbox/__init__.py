"""An embedded Kardia API: both references on one SQLite file, with switches for quirks and faults.

    account = Account(":memory:")                           # sandbox.account.account
    app = create_app(account, Quirks(), Faults())           # sandbox.app: ASGI, for use in the process
    serve(app, port=0, on_ready=print)                      # sandbox.server: on a loopback port
    with delivering(account): ...                           # sandbox.webhook_sender: to this machine

Written from the two API references; it imports nothing else of kardia_ctl.
"""
