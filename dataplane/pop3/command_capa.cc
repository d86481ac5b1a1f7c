// CAPA (RFC 2449 §5).
#include "dataplane/auth/sasl_dialogue.h"
#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

Pop3Session::Next Pop3Session::capa() {
    std::string text =
        "+OK That is what can be done here\r\n"
        "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nUTF8\r\n"
        "EXPIRE NEVER\r\nIMPLEMENTATION Gatepost\r\n";
    // RFC 2595 §4: not under TLS, and not after the login.
    if (!tls_ && options_.tls != nullptr && !is_logged_in()) text += "STLS\r\n";
    if (may_log_in()) {
        text += "USER\r\nSASL";
        for (const SaslMechanism mechanism : usable_mechanisms(environment_.login(), stream_.tls()))
            text.append(" ").append(mechanism_name(mechanism));
        text += "\r\n";
    }
    text += ".\r\n";
    return say(text);
}

}  // namespace gatepost::dataplane
