// How mail programs find their settings by an address alone: Mozilla's autoconfig, Outlook's
// autodiscover, and the profile that Apple's devices install.
//
// Nothing here says whether an account exists: any address of a domain of this system gets the
// same.
#pragma once

#include <string_view>

#include "dataplane/http/doh_burst.h"
#include "dataplane/http/http_host.h"
#include "dataplane/http/mail_client_settings.h"
#include "dataplane/http/request.h"
#include "dataplane/http/response.h"

namespace gatepost::dataplane {

bool is_autoconfig_path(std::string_view path);

// Of such a path. `read_query`: the body is the question.
Verdict judge_autoconfig(const HttpRequest& request, const MailClientSettings& settings,
                         const HttpEnvironment& environment, HttpResponse& response,
                         DohQuery& query);
// The body of a POST of Outlook.
void take_autodiscover_body(Bytes body, const MailClientSettings& settings,
                            const HttpEnvironment& environment, HttpResponse& response);

}  // namespace gatepost::dataplane
