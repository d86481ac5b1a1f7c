#include "dataplane/smtp/smtp_protocol.h"

#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

Task<> SmtpProtocol::serve(Session& session) {
    SmtpSession smtp(session, environment_, options_);
    co_await smtp.run();
}

}  // namespace gatepost::dataplane
