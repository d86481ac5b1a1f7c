// CAPA (RFC 2449 §5).
#include <algorithm>
#include <array>

#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

std::vector<SaslMechanism> Pop3Session::mechanisms() const {
    const auto offered = environment_.login().mechanisms();
    std::vector<SaslMechanism> usable(offered.begin(), offered.end());
    std::array<uint8_t, 32> binding;
    const TlsSession* tls = stream_.tls();
    if (tls == nullptr || !tls->export_channel_binding(binding))
        std::erase(usable, SaslMechanism::scram_sha_256_plus);
    return usable;
}

Pop3Session::Next Pop3Session::capa() {
    std::string text =
        "+OK That is what can be done here\r\n"
        "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nUTF8\r\n"
        "EXPIRE NEVER\r\nIMPLEMENTATION Gatepost\r\n";
    // RFC 2595 §4: not under TLS, and not after the login.
    if (!tls_ && options_.tls != nullptr && !is_logged_in()) text += "STLS\r\n";
    if (may_log_in()) {
        text += "USER\r\nSASL";
        for (const SaslMechanism mechanism : mechanisms())
            text.append(" ").append(mechanism_name(mechanism));
        text += "\r\n";
    }
    text += ".\r\n";
    return say(text);
}

}  // namespace gatepost::dataplane
