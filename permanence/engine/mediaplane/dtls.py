# SPDX-License-Identifier: AGPL-3.0-or-later
"""DTLS (pyOpenSSL) and the SRTP keys taken from it (RFC 5764), for one server certificate a process."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Policy, Session

DTLS_PAYLOAD = 1200
"""Longest datagram of a handshake, bytes: passes every path WebRTC works on."""
PROFILES = b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
"""RFC 7714 first: cheaper where the processor has AES; the second is mandatory in WebRTC (RFC 8827)."""
_LABEL = b"EXTRACTOR-dtls_srtp"
_SIZES = {
    b"SRTP_AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    b"SRTP_AES128_CM_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
_REPLAY_WINDOW = 1024
_RECORD_HEADER = 13


class DtlsIdentity:
    """A self-signed certificate, its fingerprint for the SDP, and the context every connection is made from."""

    def __init__(self, at: datetime) -> None:
        """`at`: now; the certificate is good for a year (browsers look at the fingerprint alone)."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "permanence")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=365))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = fingerprint_of(certificate)
        self._context = SSL.Context(SSL.DTLS_METHOD)
        # The chain means nothing here: the fingerprint of the SDP is what the certificate is checked against.
        self._context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        self._context.use_certificate(certificate)
        self._context.use_privatekey(key)
        self._context.set_options(SSL.OP_NO_QUERY_MTU)
        self._context.set_tlsext_use_srtp(PROFILES)

    def connection(self, *, server: bool) -> SSL.Connection:
        """A connection over memory: datagrams go in by `bio_write`, come out by `datagrams`."""
        connection = SSL.Connection(self._context)
        connection.set_ciphertext_mtu(DTLS_PAYLOAD)
        if server:
            connection.set_accept_state()
        else:
            connection.set_connect_state()
        return connection


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256, upper case hexadecimal with colons (RFC 8122)."""
    return ":".join(f"{byte:02X}" for byte in certificate.fingerprint(hashes.SHA256()))


def peer_fingerprint(connection: SSL.Connection) -> str:
    """The fingerprint of the certificate the far side showed, "" without one."""
    certificate = connection.get_peer_certificate(as_cryptography=True)
    return "" if certificate is None else fingerprint_of(certificate)


def datagrams(connection: SSL.Connection) -> list[bytes]:
    """What the connection wants to send, cut between records so that no datagram is longer than DTLS_PAYLOAD."""
    waiting = bytearray()
    while True:
        try:
            waiting += connection.bio_read(65536)
        except SSL.Error:
            break
    packed: list[bytes] = []
    start = at = 0
    while at + _RECORD_HEADER <= len(waiting):
        end = at + _RECORD_HEADER + int.from_bytes(waiting[at + 11 : at + 13], "big")
        if end - start > DTLS_PAYLOAD and at > start:
            packed.append(bytes(waiting[start:at]))
            start = at
        at = end
    if start < len(waiting):
        packed.append(bytes(waiting[start:]))
    return packed


def srtp_sessions(connection: SSL.Connection, *, server: bool) -> tuple[Session, Session]:
    """(receiving, sending) SRTP of a finished handshake (RFC 5764 section 4.2). Raises SSL.Error without a profile."""
    sizes = _SIZES.get(connection.get_selected_srtp_profile())
    if sizes is None:
        raise SSL.Error("no SRTP profile in common")
    profile, key, salt = sizes
    material = connection.export_keying_material(_LABEL, 2 * (key + salt))
    of_client = material[:key] + material[2 * key : 2 * key + salt]
    of_server = material[key : 2 * key] + material[2 * key + salt :]
    receive, send = (of_client, of_server) if server else (of_server, of_client)
    return (
        Session(_policy(receive, Policy.SSRC_ANY_INBOUND, profile)),
        Session(_policy(send, Policy.SSRC_ANY_OUTBOUND, profile)),
    )


def _policy(key: bytes, direction: int, profile: int) -> Policy:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    policy.window_size = _REPLAY_WINDOW
    # A sequence number is never used twice with one key: a late or doubled packet of the other stream is dropped.
    policy.allow_repeat_tx = False
    return policy
