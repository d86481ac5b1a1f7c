#include "dataplane/imap/imap_protocol.h"

#include "dataplane/imap/imap_session.h"

namespace gatepost::dataplane {

Task<> ImapProtocol::serve(Session& session) {
    ImapSession imap(session, environment_, options_);
    co_await imap.run();
}

}  // namespace gatepost::dataplane
