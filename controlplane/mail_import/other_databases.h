// Domains, accounts and aliases of other systems that keep them in PostgreSQL.
#pragma once

#include "controlplane/mail_import/mail_import.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// Postoffice: accounts_domain, accounts_mailuser, accounts_alias and rules_filerule.
Result<MailImport> read_postoffice(Connection& source);
// The mail and DNS stack "unified": unified.users and the tables around it.
Result<MailImport> read_unified(Connection& source);
// DinoMail: core_virtualdomain, core_virtualuser and core_virtualalias.
Result<MailImport> read_dinomail(Connection& source);

}  // namespace gatepost::controlplane
