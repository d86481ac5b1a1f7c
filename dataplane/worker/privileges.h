// Gives up what the dataplane needed only to start: root, capabilities, the chance to get them
// back.
#pragma once

#include <string>

#include "storage/base/error.h"

namespace gatepost::dataplane {

// As root, becomes `user` (where not empty). Whoever it is then keeps no capability, gains none by
// any program it could run, and cannot be inspected by other processes of that user. To be called
// before any thread is started: an ordinary user has nothing to drop, and the rest happens all the
// same.
Status drop_privileges(const std::string& user);

}  // namespace gatepost::dataplane
