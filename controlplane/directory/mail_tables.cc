#include "controlplane/directory/mail_tables.h"

namespace gatepost::controlplane {

// All three, whatever becomes of one: a full arena is no reason not to take away what was removed.
Status MailTables::finish() {
    Status domains = domains_.finish();
    Status accounts = accounts_.finish();
    Status aliases = aliases_.finish();
    if (!domains) return domains;
    return accounts ? aliases : accounts;
}

}  // namespace gatepost::controlplane
