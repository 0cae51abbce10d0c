"""Who is this person, and may they come in.

People sign up with an e-mail address they confirm; staff are invited and carry a second factor. A sign-in is a row
that can be revoked, so that signing out is certain.
"""
