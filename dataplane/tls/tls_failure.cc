#include "dataplane/tls/tls_failure.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace gatepost::dataplane {

namespace {

using storage::TlsFailure;

struct Known {
    int reason;
    TlsFailure failure;
    std::string_view sentence;
};

constexpr Known kKnown[] = {
    {SSL_R_HTTP_REQUEST, TlsFailure::not_tls, "the client sent an HTTP request without TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, TlsFailure::not_tls,
     "the client takes this server for an HTTP proxy"},
    {SSL_R_UNSUPPORTED_PROTOCOL, TlsFailure::version,
     "the client offers no version of TLS that is allowed here; it is too old"},
    {SSL_R_UNKNOWN_PROTOCOL, TlsFailure::version,
     "the client offers no version of TLS that is known"},
    {SSL_R_INAPPROPRIATE_FALLBACK, TlsFailure::version,
     "the client fell back to an older version of TLS than it can speak (RFC 7507); somebody on "
     "the way may have broken off its first try"},
    {SSL_R_NO_SHARED_CIPHER, TlsFailure::cipher,
     "the client offers no cipher suite that is allowed here and goes with the certificate"},
    {SSL_R_NO_CIPHERS_SPECIFIED, TlsFailure::cipher, "the client offers no cipher suite"},
    {SSL_R_NO_SHARED_GROUP, TlsFailure::cipher,
     "the client offers none of the groups X25519, P-256 and P-384"},
    {SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS, TlsFailure::cipher,
     "the client cannot verify the signature of any certificate that there is for this name; one "
     "with an RSA key beside ECDSA suits the oldest clients"},
    {SSL_R_NO_APPLICATION_PROTOCOL, TlsFailure::alpn,
     "the client speaks none of the protocols that this port serves (ALPN)"},
    {SSL_R_NO_RENEGOTIATION, TlsFailure::renegotiation,
     "the client asked for a renegotiation, which is refused here"},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, TlsFailure::bad_record,
     "the client sent a record that is longer than TLS allows"},
    {SSL_R_DATA_LENGTH_TOO_LONG, TlsFailure::bad_record,
     "the client sent a record with more content than TLS allows"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, TlsFailure::bad_record,
     "the client sent a handshake message of excessive size"},
    {SSL_R_TOO_MANY_EMPTY_FRAGMENTS, TlsFailure::bad_record,
     "the client sent too many empty records in a row"},
    {SSL_R_TOO_MANY_WARNING_ALERTS, TlsFailure::bad_record,
     "the client sent too many warning alerts in a row"},
    {SSL_R_TOO_MANY_KEY_UPDATES, TlsFailure::bad_record,
     "the client changed keys too often without sending anything"},
    {SSL_R_CERT_CB_ERROR, TlsFailure::other, "no memory was left to give the client a certificate"},
    {SSL_R_CONNECTION_REJECTED, TlsFailure::other,
     "no memory was left to give the client a certificate"},
};

struct Refusal {
    int alert;
    std::string_view sentence;
};
// RFC 8446 §6.2.
constexpr Refusal kRefusals[] = {
    {SSL_AD_BAD_CERTIFICATE, "the client refused the certificate as broken"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "the client cannot work with this kind of certificate"},
    {SSL_AD_CERTIFICATE_REVOKED, "the client refused the certificate as revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "the client refused the certificate as expired"},
    {SSL_AD_CERTIFICATE_UNKNOWN,
     "the client refused the certificate; mostly the name is not in it"},
    {SSL_AD_UNKNOWN_CA, "the client refused the certificate: it does not trust its issuer"},
    {SSL_AD_PROTOCOL_VERSION, "the client refused the version of TLS"},
    {SSL_AD_USER_CANCELLED, "the client gave up"},
};

const Known* find_known(uint32_t code) {
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) return nullptr;
    const int reason = ERR_GET_REASON(code);
    const auto* found = std::find_if(std::begin(kKnown), std::end(kKnown),
                                     [reason](const Known& each) { return each.reason == reason; });
    return found == std::end(kKnown) ? nullptr : found;
}

// The alert that came; -1: none did.
int peer_alert(uint32_t code) {
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) return -1;
    const int reason = ERR_GET_REASON(code);
    return reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : -1;
}

// ERR_R_…, such as out of memory: nothing that the client did.
bool is_our_own(uint32_t code) {
    constexpr int kLibraryReasonMin = 100;
    return code == 0 || ERR_GET_REASON(code) < kLibraryReasonMin;
}

std::string reason_text(uint32_t code) {
    const char* text = ERR_reason_error_string(code);
    return text != nullptr ? text : fmt::format("error {:#x}", code);
}

}  // namespace

TlsFailure classify(const TlsError& error) {
    if (error.overrun) return TlsFailure::other;
    if (error.closed) return TlsFailure::peer_closed;
    if (const Known* known = find_known(error.code)) return known->failure;
    if (peer_alert(error.code) >= 0) return TlsFailure::peer_alert;
    const int library = ERR_GET_LIB(error.code);
    // An authentication tag that is wrong is the cipher's error, a broken key share the curve's.
    if (library == ERR_LIB_CIPHER || library == ERR_LIB_EC) return TlsFailure::bad_record;
    if (library != ERR_LIB_SSL || is_our_own(error.code)) return TlsFailure::other;
    return error.hello ? TlsFailure::bad_record : TlsFailure::not_tls;
}

std::string describe(const TlsError& error) {
    if (error.overrun) return "no room was left for what goes to the client, who does not read it";
    if (error.closed) return "the client ended the connection in the middle of the handshake";
    if (const Known* known = find_known(error.code)) return std::string(known->sentence);
    if (const int alert = peer_alert(error.code); alert >= 0) {
        const auto* refusal = std::find_if(std::begin(kRefusals), std::end(kRefusals),
                                           [alert](const Refusal& r) { return r.alert == alert; });
        const std::string name = SSL_alert_desc_string_long(alert);
        return refusal != std::end(kRefusals)
                   ? fmt::format("{} (alert {}, {})", refusal->sentence, alert, name)
                   : fmt::format("the client broke off with the alert {}, {}", alert, name);
    }
    switch (classify(error)) {
        case TlsFailure::not_tls:
            return fmt::format("what the client sent first is not TLS ({})",
                               reason_text(error.code));
        case TlsFailure::bad_record:
            return fmt::format("the client sent what is broken, forged or out of place ({})",
                               reason_text(error.code));
        default:
            return error.code == 0
                       ? std::string("the connection ended")
                       : fmt::format("TLS failed on this side ({})", reason_text(error.code));
    }
}

}  // namespace gatepost::dataplane
