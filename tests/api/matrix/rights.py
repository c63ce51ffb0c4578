"""State, by hand and apart from the code, what each role may do with each row by each route.

A line is a method, a route and one cell for each of `ROLES`. A cell's letters are for the role's
own row, another's row, the own row as a log-in of another region asks for it, and a row that is
not there:

    y  it is done, or shown
    -  it is not there for this role: 404, or left out of a collection
    F  403 `forbidden`: this role may not do this at all
    N  403 `not_yours`: the role may, but not of this

Where letters are missing at the end, there is no such row to ask for: one letter is for routes
without rows, three are for collections. `open` is for everybody, logged in or not; `local` for this
machine, and for any role from elsewhere; `events` goes by `EVENTS`.
"""

ROLES = (
    "dispatcher",
    "administrator",
    "observer",
    "haulier:H1",
    "driver:D1",
    "checkpoint_officer:C1",
    "lot_declarer:HTX1",
    "port_operator:F1",
)

ROUTES = """
                                                        disp admin obs  haul driv offi decl port
GET    /v1/trucks                                       yy-  yy-  yy-  y--  y--  y--  y--  y--
GET    /v1/trucks/{entity_id:path}                      yy-- yy-- yy-- y--- y--- y--- y--- y---
GET    /v1/lots                                         yy-  yy-  yy-  y--  y--  y--  y--  y--
GET    /v1/lots/{entity_id:path}                        yy-- yy-- yy-- y--- y--- y--- y--- y---
GET    /v1/slots                                        yyy  yyy  yyy  yyy  yyy  yyy  yyy  yyy
GET    /v1/slots/{entity_id:path}                       yyy- yyy- yyy- yyy- yyy- yyy- yyy- yyy-
GET    /v1/assignments                                  yy-  yy-  yy-  y--  y--  y--  y--  y--
GET    /v1/assignments/{entity_id:path}                 yy-- yy-- yy-- y--- y--- y--- y--- y---
GET    /v1/corridors                                    yy-  yy-  yy-  yy-  yy-  yy-  yy-  yy-
GET    /v1/corridors/{entity_id:path}                   yy-- yy-- yy-- yy-- yy-- yy-- yy-- yy--
GET    /v1/checkpoints                                  yy-  yy-  yy-  yy-  yy-  yy-  yy-  yy-
GET    /v1/checkpoints/{entity_id:path}                 yy-- yy-- yy-- yy-- yy-- yy-- yy-- yy--
GET    /v1/facilities                                   yy-  yy-  yy-  yy-  yy-  yy-  yy-  yy-
GET    /v1/facilities/{entity_id:path}                  yy-- yy-- yy-- yy-- yy-- yy-- yy-- yy--
GET    /v1/closures                                     yy-  yy-  yy-  yy-  yy-  yy-  yy-  yy-
GET    /v1/closures/{entity_id:path}                    yy-- yy-- yy-- yy-- yy-- yy-- yy-- yy--
GET    /v1/alerts                                       yy-  yy-  yy-  y--  y--  y--  y--  y--
GET    /v1/alerts/{entity_id:path}                      yy-- yy-- yy-- y--- y--- y--- y--- y---
GET    /v1/commands/{command_id:path}                   yy-- yy-- yy-- y--- y--- y--- y--- y---
GET    /v1/stream                                       y    y    y    y    y    y    y    y
GET    /v1/clock                                        y    y    y    y    y    y    y    y
GET    /v1/vocabulary                                   y    y    y    y    y    y    y    y
GET    /v1/roads                                        y    y    y    y    y    y    y    y
GET    /v1/passes/lists                                 y    y    y    y    y    y    y    y
GET    /v1/reports/daily                                y    y    y    F    F    F    F    F
GET    /v1/reports/weekly                               y    y    y    F    F    F    F    F
GET    /v1/checkpoints/{checkpoint_id:path}/arrivals    yy-- yy-- FFFF FFFF FFFF yN-N FFFF FFFF

POST   /v1/events                                       events
POST   /v1/trucks                                       yyN  yyN  FFF  FFF  FFF  FFF  FFF  FFF
PATCH  /v1/trucks/{truck_id:path}                       yy-- yy-- FFFF yN-- FFFF FFFF FFFF FFFF
POST   /v1/facilities                                   yyN  yyN  FFF  FFF  FFF  FFF  FFF  FFF
PATCH  /v1/facilities/{facility_id:path}                yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/checkpoints                                  yyN  yyN  FFF  FFF  FFF  FFF  FFF  FFF
PATCH  /v1/checkpoints/{checkpoint_id:path}             yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/corridors                                    yyN  yyN  FFF  FFF  FFF  FFF  FFF  FFF
PATCH  /v1/corridors/{corridor_id:path}                 yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/closures                                     yyN  yyN  FFF  FFF  FFF  FFF  FFF  FFF
PATCH  /v1/closures/{closure_id:path}                   yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/lots                                         yyNy yyNy FFFF FFFF FFFF FFFF yNNy FFFF
PATCH  /v1/lots/{lot_id:path}                           yy-- yy-- FFFF FFFF FFFF FFFF yN-- FFFF
POST   /v1/facilities/{facility_id:path}/slots          yy-- yy-- FFFF FFFF FFFF FFFF FFFF yN-N
POST   /v1/checkpoints/{checkpoint_id:path}/clearances  yy-- yy-- FFFF FFFF FFFF yN-N FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/accept      yy-- yy-- FFFF yN-- FFFF FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/decline     yy-- yy-- FFFF yN-- FFFF FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/cancel      yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/pin         yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/override    yy-- yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/loaded      yy-- yy-- FFFF yN-- yN-- FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/delivered   yy-- yy-- FFFF yN-- yN-- FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/problem     yy-- yy-- FFFF yN-- yN-- FFFF FFFF FFFF
POST   /v1/assignments/{assignment_id:path}/driver-link yy-- yy-- FFFF yN-- FFFF FFFF FFFF FFFF
POST   /v1/what-if                                      y    y    F    F    F    F    F    F

POST   /v1/positions                                    yyNy yyNy FFFF yN-- yN-- FFFF FFFF FFFF
GET    /v1/devices/osmand                               yyN- yyN- FFF- yN-- yN-- FFF- FFF- FFF-
POST   /v1/devices/osmand                               yyN- yyN- FFF- yN-- yN-- FFF- FFF- FFF-
POST   /v1/devices/traccar                              yyN- yyN- FFF- yN-- yN-- FFF- FFF- FFF-
GET    /v1/trackers                                     yy-  yy-  FFF  y--  FFF  FFF  FFF  FFF
POST   /v1/trackers                                     yyNy yyNy FFFF yN-- FFFF FFFF FFFF FFFF
DELETE /v1/trackers/{device_id:path}                    yy-- yy-- FFFF y--- FFFF FFFF FFFF FFFF
GET    /v1/webhooks                                     yy-  yy-  y--  y--  FFF  y--  y--  y--
POST   /v1/webhooks                                     y    y    y    y    F    y    y    y
GET    /v1/webhooks/{hook_id}                           yy-- yy-- y--- y--- FFFF y--- y--- y---
PATCH  /v1/webhooks/{hook_id}                           yy-- yy-- y--- y--- FFFF y--- y--- y---
DELETE /v1/webhooks/{hook_id}                           yy-- yy-- y--- y--- FFFF y--- y--- y---
POST   /v1/webhooks/{hook_id}/test                      yy-- yy-- y--- y--- FFFF y--- y--- y---
POST   /v1/webhooks/{hook_id}/rotate-secret             yy-- yy-- y--- y--- FFFF y--- y--- y---
GET    /v1/webhooks/{hook_id}/deliveries                yy-- yy-- y--- y--- FFFF y--- y--- y---

GET    /v1/session                                      y    y    y    y    y    y    y    y
POST   /v1/session                                      open
DELETE /v1/session                                      open
GET    /v1/session/ways                                 open
GET    /v1/session/oidc                                 open
GET    /v1/session/oidc/callback                        open
POST   /v1/session/password                             F    F    F    F    F    F    F    F
GET    /v1/sessions                                     ---  yy-  ---  ---  ---  ---  ---  ---
DELETE /v1/sessions/{session_id}                        ---- yy-- ---- ---- ---- ---- ---- ----
GET    /v1/users                                        FFF  yy-  FFF  FFF  FFF  FFF  FFF  FFF
POST   /v1/users                                        FFF  yyF  FFF  FFF  FFF  FFF  FFF  FFF
GET    /v1/users/{user_id}                              FFFF yy-- FFFF FFFF FFFF FFFF FFFF FFFF
PATCH  /v1/users/{user_id}                              FFFF yy-- FFFF FFFF FFFF FFFF FFFF FFFF
POST   /v1/users/{user_id}/reset                        FFFF yy-- FFFF FFFF FFFF FFFF FFFF FFFF
GET    /v1/keys                                         FFF  yy-  FFF  FFF  FFF  FFF  FFF  FFF
POST   /v1/keys                                         FFF  yyF  FFF  FFF  FFF  FFF  FFF  FFF
DELETE /v1/keys/{key_id}                                FFFF yy-- FFFF FFFF FFFF FFFF FFFF FFFF

GET    /v1/people                                       yy-  yy-  FFF  y--  y--  FFF  FFF  FFF
GET    /v1/people/{person_id}                           yy-- yy-- FFFF y--- y--- FFFF FFFF FFFF
PUT    /v1/people/{person_id}                           yyNy yyNy FFFF yNNN FFFF FFFF FFFF FFFF
DELETE /v1/people/{person_id}                           yy-- yy-- FFFF y--- FFFF FFFF FFFF FFFF
GET    /v1/audit                                        F    y    F    F    F    F    F    F
GET    /v1/audit.csv                                    F    y    F    F    F    F    F    F

GET    /healthz                                         open
GET    /readyz                                          open
GET    /metrics                                         open
GET    /openapi.json                                    open
GET    /                                                open
GET    /haulier                                         open
GET    /checkpoint                                      open
GET    /login                                           open
GET    /assets/{name}                                   open
GET    /{name}                                          open
GET    /osrm/route/v1/{profile}/{coordinates}           local
GET    /osrm/table/v1/{profile}/{coordinates}           local
GET    /osrm/nearest/v1/{profile}/{coordinates}         local
GET    /osrm/{rest:path}                                local
"""
"""By route; `HEAD` is as `GET`."""

EVENTS = """
                              disp admin obs  haul driv offi decl port
truck.registered              yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
truck.updated                 yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
truck.status_changed          yyNy yyNy FFFF yN-- FFFF FFFF FFFF FFFF
truck.transferred             yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
truck.position_reported       yyNy yyNy FFFF yN-- yN-- FFFF FFFF FFFF
facility.registered           yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
facility.updated              yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
facility.retired              yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
checkpoint.registered         yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
checkpoint.updated            yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
checkpoint.retired            yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
checkpoint.arrived            yyNy yyNy FFFF FFFF FFFF yNNN FFFF FFFF
checkpoint.cleared            yyNy yyNy FFFF FFFF FFFF yNNN FFFF FFFF
checkpoint.held               yyNy yyNy FFFF FFFF FFFF yNNN FFFF FFFF
checkpoint.refused            yyNy yyNy FFFF FFFF FFFF yNNN FFFF FFFF
checkpoint.retracted          yyNy yyNy FFFF FFFF FFFF yNNN FFFF FFFF
lot.declared                  yyNy yyNy FFFF FFFF FFFF FFFF yNNy FFFF
lot.revised                   yyNy yyNy FFFF FFFF FFFF FFFF yN-- FFFF
lot.ready                     yyNy yyNy FFFF FFFF FFFF FFFF yN-- FFFF
lot.withdrawn                 yyNy yyNy FFFF FFFF FFFF FFFF yN-- FFFF
slot.opened                   yyNy yyNy FFFF FFFF FFFF FFFF FFFF yNNN
slot.capacity_changed         yyNy yyNy FFFF FFFF FFFF FFFF FFFF yNNN
slot.closed                   yyNy yyNy FFFF FFFF FFFF FFFF FFFF yNNN
road.closed                   yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
road.reopened                 yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
zone.restricted               yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
zone.lifted                   yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
assignment.accept             yyNy yyNy FFFF yN-- FFFF FFFF FFFF FFFF
assignment.decline            yyNy yyNy FFFF yN-- FFFF FFFF FFFF FFFF
assignment.cancel             yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
assignment.pin                yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
assignment.override           yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
assignment.report_loaded      yyNy yyNy FFFF yN-- yN-- FFFF FFFF FFFF
assignment.report_delivered   yyNy yyNy FFFF yN-- yN-- FFFF FFFF FFFF
assignment.report_problem     yyNy yyNy FFFF yN-- yN-- FFFF FFFF FFFF
corridor.opened               yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
corridor.closed               yyNy yyNy FFFF FFFF FFFF FFFF FFFF FFFF
"""
"""By the type of an event that is sent to `POST /v1/events`."""
