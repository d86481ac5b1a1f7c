#include "dataplane/pop3/pop3_protocol.h"

#include "dataplane/pop3/pop3_session.h"

namespace gatepost::dataplane {

Task<> Pop3Protocol::serve(Session& session) {
    Pop3Session pop3(session, environment_, options_);
    co_await pop3.run();
}

}  // namespace gatepost::dataplane
