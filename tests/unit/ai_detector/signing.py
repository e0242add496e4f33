"""Files signed with certificates made here, as a generator's vendor signs what it makes."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import c2pa
import soundfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.unit.ai_detector.sounds import coloured_noise

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MIME = {"WAV": "audio/wav", "FLAC": "audio/flac", "MP3": "audio/mpeg"}
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False}


@dataclass(frozen=True)
class Authority:
    """A root and a signer below it. ``root`` is what a trust list holds, PEM."""

    root: str
    chain: bytes
    key: bytes

    @classmethod
    def made(cls, signer: str) -> Self:
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = _certificate("Root", ca_key, "Root", ca_key, authority=True)
        leaf = _certificate(signer, key, "Root", ca_key, authority=False)
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return cls(root.public_bytes(pem).decode(), leaf.public_bytes(pem) + root.public_bytes(pem), private)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    usage = {
        "digital_signature": not authority,
        "key_cert_sign": authority,
        "crl_sign": authority,
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if not authority:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{name} Ltd"),
        ]
    )


def song(container: str, seconds: float = 6.0) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, coloured_noise(seconds, 44_100), 44_100, format=container)
    return out.getvalue()


def signed(
    audio: bytes, container: str, by: Authority, *, source: str | None, elsewhere: str | None = None
) -> bytes:
    """``audio`` with a manifest of one action; ``elsewhere`` leaves the manifest out and points there."""
    action: dict[str, Any] = {"action": "c2pa.created"}
    action["digitalSourceType"] = IPTC + (source or "digitalCapture")
    manifest = {
        "claim_generator_info": [{"name": "Song Machine", "version": "1.2"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict({"verify": _OFFLINE}) as context,
        c2pa.Builder(manifest, context) as builder,
        c2pa.Signer.from_info(c2pa.C2paSignerInfo("es256", by.chain, by.key, None)) as signer,
    ):
        if elsewhere is not None:
            builder.set_no_embed()
            builder.set_remote_url(elsewhere)
        builder.sign(signer, MIME[container], io.BytesIO(audio), out)
    return out.getvalue()
