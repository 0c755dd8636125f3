/** For scripts: the time by Redis's own clock, in milliseconds, so that no two machines' clocks are compared. */
export const NOW = `
local function clock_now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
