"""Who wrote a change and who approved it, as CI systems say."""
